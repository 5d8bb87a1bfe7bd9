import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import { composeValues, type Document, versionInValues, withImages } from './compose-values.ts';
import type { HelmDeploy, ImageValues, ValuesReference } from './helm-deploy.ts';
import { decodeMarks, encodeMarks, marksName } from './revision-marks.ts';
import { parseValuePath, typedValue, valueAt, withValueAt } from './value-path.ts';
import { canonicalJson, digestOf, mergeValues, type Value, type Values } from './values.ts';

describe('mergeValues, as helm merges files', () => {
  test.each<[Values, Values, Values]>([
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [{ a: { b: 1, c: 2 } }, { a: { c: 3 } }, { a: { b: 1, c: 3 } }],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: { b: 1 } }, { a: null }, { a: null }],
    [{ a: 'text' }, { a: { b: 1 } }, { a: { b: 1 } }],
  ])('%j under %j is %j', (base, over, merged) => {
    expect(mergeValues(base, over)).toEqual(merged);
  });

  test('a key named __proto__ is a key', () => {
    const hostile: Values = JSON.parse('{"__proto__": {"polluted": true}}');

    expect(canonicalJson(mergeValues({}, hostile))).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

test('the digest does not depend on the order of keys, and on everything else', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (map) => {
      const values = map as Values;
      const reversed = Object.fromEntries(Object.entries(values).reverse());
      expect(digestOf(reversed)).toBe(digestOf(values));
      expect(JSON.parse(canonicalJson(values))).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
  expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: '1' }));
});

describe('paths as in helm --set', () => {
  test.each<[string, readonly (string | number)[]]>([
    ['image.tag', ['image', 'tag']],
    ['list[0].name', ['list', 0, 'name']],
    ['deep[1][2]', ['deep', 1, 2]],
    ['nodeSelector.kubernetes\\.io/role', ['nodeSelector', 'kubernetes.io/role']],
  ])('%s', (text, path) => {
    expect(parseValuePath(text)).toEqual(path);
  });

  test.each(['', '.', 'a.', 'a..b', '[0]', 'a[x]', 'a[0', 'a[99999]', `${'a.'.repeat(40)}a`])('%j is none', (text) => {
    expect(parseValuePath(text)).toHaveProperty('problem');
  });

  test.each<[Values, string, Value, Values]>([
    [{}, 'a.b', 1, { a: { b: 1 } }],
    [{ a: { c: 2 } }, 'a.b', 1, { a: { c: 2, b: 1 } }],
    [{ a: 'text' }, 'a.b', 1, { a: { b: 1 } }],
    [{ a: [{ n: 1 }] }, 'a[0].n', 2, { a: [{ n: 2 }] }],
    [{}, 'a[1]', 'x', { a: [null, 'x'] }],
  ])('%j with %s = %j is %j', (values, text, value, expected) => {
    const path = parseValuePath(text);
    if ('problem' in path) {
      throw new Error(path.problem);
    }

    const changed = withValueAt(values, path, value);

    expect(changed).toEqual(expected);
    expect(valueAt(changed, path)).toEqual(value);
  });

  test.each<[string, Value]>([
    ['true', true],
    ['null', null],
    ['42', 42],
    ['-7', -7],
    ['007', '007'],
    ['1.5', '1.5'],
    ['"42"', '42'],
    ["'true'", 'true'],
    ['a,b={c}', 'a,b={c}'],
    ['12345678901234567890', '12345678901234567890'],
  ])('the text %j is %j', (text, value) => {
    expect(typedValue(text)).toBe(value);
  });
});

describe('composeValues', () => {
  const config: ValuesReference = {
    kind: 'ConfigMap',
    name: 'c',
    key: 'values.yaml',
    target: undefined,
    optional: false,
  };
  const secret: ValuesReference = { ...config, kind: 'Secret', name: 's' };
  const deploy = (valuesFrom: readonly ValuesReference[], values: Values = {}): HelmDeploy => ({
    kind: 'Helm',
    release: 'web',
    chart: { from: 'Release' },
    values,
    valuesFrom,
    images: [],
    crds: 'Create',
    postRender: undefined,
    timeoutMs: 1_000,
    serviceAccount: undefined,
    test: undefined,
    drift: 'Ignore',
    maxHistory: 10,
    onInstallFailure: 'Uninstall',
  });
  const file = (value: Value): Document => ({ kind: 'File', value });

  test('documents in their order, the values of the App over all', () => {
    const composed = composeValues(deploy([config, secret], { c: 3 }), [file({ a: 1, b: 1 }), file({ b: 2, c: 2 })]);

    expect(composed).toEqual({ values: { a: 1, b: 2, c: 3 }, secrets: [], problems: [] });
  });

  test('what comes from a Secret is known as secret', () => {
    const composed = composeValues(deploy([secret]), [file({ db: { password: 'hunter22', port: 5432, user: 'me' } })]);

    expect(composed.secrets).toEqual(['hunter22']);
  });

  test('one value at its path', () => {
    const reference = { ...secret, target: ['db', 'password'] };

    expect(composeValues(deploy([reference]), [{ kind: 'Text', text: 's3cret\n' }])).toMatchObject({
      values: { db: { password: 's3cret' } },
      secrets: ['s3cret\n'],
    });
  });

  test.each<[string, ValuesReference, Document, readonly string[]]>([
    ['missing', config, { kind: 'Missing', problem: 'gone' }, ['spec.deploy.helm.valuesFrom[0]: gone']],
    ['missing but optional', { ...config, optional: true }, { kind: 'Missing', problem: 'gone' }, []],
    ['empty', config, file(null), []],
    [
      'no map',
      config,
      file(['a']),
      [
        'spec.deploy.helm.valuesFrom[0]: key values.yaml of ConfigMap "c" is no map; a values file begins with keys such as "image:"',
      ],
    ],
  ])('%s', (_, reference, document, problems) => {
    expect(composeValues(deploy([reference]), [document]).problems).toEqual(problems);
  });
});

describe('versions of images', () => {
  const none = { repository: undefined, tag: undefined, digest: undefined, image: undefined };
  const version = { tag: '1.2.0', digest: digest('1') };
  const repositories = new Map([['web', 'ghcr.io/org/web']]);

  test.each<[string, Omit<ImageValues, 'source'>, Values]>([
    ['a tag', { ...none, tag: ['image', 'tag'] }, { image: { tag: '1.2.0' } }],
    [
      'repository, tag and digest',
      { ...none, repository: ['image', 'repository'], tag: ['image', 'tag'], digest: ['image', 'digest'] },
      { image: { repository: 'ghcr.io/org/web', tag: '1.2.0', digest: digest('1') } },
    ],
    ['all in one', { ...none, image: ['image'] }, { image: `ghcr.io/org/web:1.2.0@${digest('1')}` }],
  ])('%s is set, and read again', (_, paths, expected) => {
    const images = [{ source: 'web', ...paths }];

    const values = withImages({}, images, { versions: new Map([['web', version]]), repositories });

    expect(values).toEqual(expected);
    expect(versionInValues(images, 'web', values)?.tag).toBe('1.2.0');
  });

  test.each<[Values, object | undefined]>([
    [{ image: { tag: `1.0@${digest('2')}` } }, { tag: '1.0', digest: digest('2') }],
    [{ image: { tag: 1 } }, { tag: '1', digest: undefined }],
    [{ image: {} }, undefined],
    [{}, undefined],
  ])('%j is read as %j', (values, expected) => {
    expect(versionInValues([{ source: 'web', ...none, tag: ['image', 'tag'] }], 'web', values)).toEqual(expected);
  });
});

describe('marks', () => {
  test.each([
    { chartDigest: digest('a'), chartVersion: '1.2.3+build.4' },
    { chartDigest: undefined, chartVersion: undefined },
  ])('%j come back from labels that Kubernetes takes', (fields) => {
    const marks = { app: 'web', update: 'web-12', settingsDigest: digest('f'), ...fields };
    const labels = encodeMarks(marks);

    expect(decodeMarks(labels)).toEqual(marks);
    for (const value of Object.values(labels)) {
      expect(value).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
    }
  });

  test('every digest fits a label', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const settingsDigest = `sha256:${Buffer.from(bytes).toString('hex')}`;
        const labels = encodeMarks({
          app: 'a',
          update: 'u',
          chartDigest: settingsDigest,
          chartVersion: '1',
          settingsDigest,
        });
        expect(Object.values(labels).join(' ')).toMatch(/^\S*( [A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]| \w)*$/);
        expect(decodeMarks(labels)?.chartDigest).toBe(settingsDigest);
      }),
    );
  });

  test('a name longer than a label is known by its end', () => {
    const name = `${'long-'.repeat(20)}-17`;
    const marks = {
      app: name,
      update: name,
      chartDigest: undefined,
      chartVersion: undefined,
      settingsDigest: digest('0'),
    };

    const found = decodeMarks(encodeMarks(marks));

    expect(found && marksName(found.update, name)).toBe(true);
    expect(found && marksName(found.update, `${name}8`)).toBe(false);
  });

  test('labels of somebody else are none', () => {
    expect(decodeMarks({ owner: 'helm', name: 'web' })).toBeUndefined();
  });
});
