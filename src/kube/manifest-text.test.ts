import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOperationError } from '../core/errors.ts';
import { parseManifests } from './manifest-text.ts';

const config = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const inJson = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const list = (kind: string, ...items: unknown[]) => JSON.stringify({ apiVersion: 'v1', kind, items });

describe('reads', () => {
  test.each([
    ['one document', config('a'), ['a']],
    ['several', `${config('a')}---\n${config('b')}`, ['a', 'b']],
    [
      'empty documents between them',
      `# first\n---\n${config('a')}---\n---\n# none\n---\n${config('b')}---\n`,
      ['a', 'b'],
    ],
    ['a document on the line of its marker', `--- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n`, ['a']],
    ['a directive', `%YAML 1.1\n---\n${config('a')}`, ['a']],
    ['the end marker', `${config('a')}...\n${config('b')}`, ['a', 'b']],
    ['Windows line ends', `${config('a')}---\n${config('b')}`.replaceAll('\n', '\r\n'), ['a', 'b']],
    ['dashes inside a text', `${config('a')}data:\n  x: |\n    ---\n    y\n`, ['a']],
    ['JSON', JSON.stringify(inJson('a')), ['a']],
    ['JSON documents', `${JSON.stringify(inJson('a'))}\n---\n${JSON.stringify(inJson('b'))}`, ['a', 'b']],
    ['a List', list('List', inJson('a'), inJson('b')), ['a', 'b']],
    ['an empty List', list('List'), []],
    ['a List in a List', list('List', JSON.parse(list('List', inJson('a'))), inJson('b')), ['a', 'b']],
    [
      'a List in YAML, then an object',
      `apiVersion: v1\nkind: List\nitems:\n- ${JSON.stringify(inJson('a'))}\n---\n${config('b')}`,
      ['a', 'b'],
    ],
    ['a typed list, whose items need not say what they are', list('ConfigMapList', { metadata: { name: 'a' } }), ['a']],
    ['equal keys, of which the last counts', `${config('a')}kind: Secret\n`, ['a']],
  ])('%s', (_, text, names) => {
    expect(parseManifests(text, 'f')?.map(({ name }) => name)).toEqual(names);
  });

  test('the identity and the whole object', () => {
    const [manifest] =
      parseManifests(list('DeploymentList', { metadata: { name: 'a', namespace: 'n' }, x: 1 }), 'f') ?? [];

    expect(manifest).toEqual({
      apiVersion: 'v1',
      kind: 'Deployment',
      namespace: 'n',
      name: 'a',
      object: { apiVersion: 'v1', kind: 'Deployment', metadata: { name: 'a', namespace: 'n' }, x: 1 },
      place: { file: 'f', document: 1, line: 1 },
    });
  });

  test.each([
    ['no text', ''],
    ['spaces', ' \n\n'],
    ['comments', '# x\n---\n# y\n'],
    ['null', '---\n~\n'],
  ])('%s as no document', (_, text) => {
    expect(parseManifests(text, 'f')).toBeUndefined();
  });

  test('a kind that ends in List, but has no items', () => {
    expect(parseManifests(JSON.stringify({ ...inJson('a'), kind: 'AllowList' }), 'f')).toMatchObject([
      { kind: 'AllowList' },
    ]);
  });

  test('a key __proto__ as a key', () => {
    const [manifest] = parseManifests(`${config('a')}__proto__: {polluted: true}\n`, 'f') ?? [];

    expect(manifest?.object['polluted']).toBeUndefined();
    expect(Object.keys(manifest?.object ?? {})).toContain('__proto__');
  });
});

describe('refuses', () => {
  test.each([
    [
      'a broken second document',
      `${config('a')}---\nkind: X\n b: [\n`,
      'read f, document 2, line 6: no YAML: bad indentation',
    ],
    ['a broken first one', 'a: [\n', 'read f, document 1, line 2: no YAML: '],
    ['broken JSON', '{"a": 1,\n"b" 2}', 'read f, document 1, line 2: no YAML: '],
    ['a tab', 'a:\n\t- b\n', 'read f, document 1, line 2: no YAML: '],
    ['a scalar', `${config('a')}---\nhello\n`, 'read f, document 2, line 4: no Kubernetes object: it is no map'],
    ['an array', '[]', 'read f, document 1, line 1: no Kubernetes object: it is no map'],
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}\n', 'document 1, line 1: no Kubernetes object: kind missing'],
    [
      'no name',
      'apiVersion: v1\nkind: A\nmetadata: {generateName: a-}\n',
      'no Kubernetes object: metadata.name missing',
    ],
    ['nothing at all', 'a: 1\n', 'no Kubernetes object: apiVersion, kind, metadata.name missing'],
    ['a name that is a number', 'apiVersion: v1\nkind: A\nmetadata: {name: 1}\n', 'metadata.name missing, or no text'],
    [
      'a namespace that is a number',
      'apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: 1}\n',
      'metadata.namespace missing, or no text',
    ],
    [
      'a bad item',
      list('List', inJson('a'), { kind: 'A' }),
      'read f, document 1, line 1, items[1]: no Kubernetes object',
    ],
    ['an unknown tag', 'a: !!python/object x\n', 'document 1, line 1: no YAML: '],
    [
      'more documents than the limit',
      '---\n'.repeat(100_002),
      'document 100001, line 100002: more than 100000 documents',
    ],
    ['JSON nested too deep', `{"a":${'['.repeat(300)}${']'.repeat(300)}}`, 'nesting exceeded maxDepth (200)'],
    ['YAML nested too deep', `a: ${'['.repeat(300)}${']'.repeat(300)}`, 'nesting exceeded maxDepth (200)'],
    ['a list that contains itself', '&l\nkind: List\nitems: [*l]\n', 'lists in lists in more than 8 levels'],
    ['lists that mean very much', lists(), 'more than 100000 objects, or lists in lists'],
    ['more aliases than the limit', `a: &a x\nb: [${'*a, '.repeat(1_001)}]\n`, 'document 1, line 2: no YAML: '],
  ])('%s', (_, text, expected) => {
    expect(() => parseManifests(text, 'f')).toThrow(expected);
  });

  test('with the place as fields', () => {
    const error = errorOf(() => parseManifests(`${config('a')}---\nhello\n`, 'web.yaml'));

    expect(error).toMatchObject({ code: 'OBJECT_INVALID', context: { file: 'web.yaml', document: '2', line: '4' } });
  });
});

test('any text is read or refused with OBJECT_INVALID', () => {
  const piece = fc.constantFrom(
    'a',
    ':',
    ' ',
    '\n',
    '---',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a',
    '*a',
    '!!',
    '|',
    '%',
    '#',
    ',',
    '\t',
    '<<: ',
    'kind: List',
    'items:',
    '\u0000',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    fc.json(),
  );

  fc.assert(
    fc.property(text, (given) => {
      const error = errorOf(() => parseManifests(given, 'f'));

      expect(error === undefined || isOperationError(error, 'OBJECT_INVALID')).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

/** Few characters, 30 objects in each of four levels: 810,000 objects. */
function lists(): string {
  const many = (alias: string) => Array.from({ length: 30 }, () => `*${alias}`).join(', ');
  const level = (name: string, of: string) => `${name}: &${name} {kind: List, items: [${many(of)}]}`;
  return `a: &a ${JSON.stringify(inJson('a'))}\n${level('b', 'a')}\n${level('c', 'b')}\n${level('d', 'c')}\nkind: List\nitems: [${many('d')}]\n`;
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
