import { describe, expect, test } from 'vitest';
import { container } from '../../../test/fixtures.ts';
import { readImago } from './imago.ts';
import { formatImagoConfig, mergeImagoConfig, parseImagoConfig } from './imago-config.ts';

const a = `sha256:${'a'.repeat(64)}`;
const key = 'imago-config-spec';

type Images = Readonly<Record<string, string>>;

const list = (images: Images) => Object.entries(images).map(([name, image]) => ({ name, image }));
const stored = (containers: Images, initContainers: Images = {}) =>
  JSON.stringify({ containers: list(containers), initContainers: list(initContainers) });

// The rows of reference/seed-systems.md, section 3.4: what is stored of which spec.
test.each<[string, Images, Images, Images]>([
  ['nothing stored: the image as written', {}, { app: 'app:1' }, { app: 'app:1' }],
  ['pinned, and stored before', { app: 'app:1' }, { app: `app@${a}` }, { app: 'app:1' }],
  ['pinned with its tag, and stored before', { app: 'app:1' }, { app: `app:1@${a}` }, { app: 'app:1' }],
  ['changed by a person', { app: 'app:1' }, { app: 'app:2' }, { app: 'app:2' }],
  ['pinned by a person', {}, { app: `x@${a}` }, { app: `x@${a}` }],
  ['container removed', { app: 'app:1', old: 'old:1' }, { app: `app@${a}` }, { app: 'app:1' }],
  ['container added', { app: 'app:1' }, { app: `app@${a}`, new: 'new:1' }, { app: 'app:1', new: 'new:1' }],
])('%s', (_, before, spec, after) => {
  const containers = list(spec).map((one) => container(one));

  const merged = mergeImagoConfig(parseImagoConfig(stored(before)), containers);

  expect(merged).toEqual({ containers: list(after), initContainers: [] });
  expect(parseImagoConfig(formatImagoConfig(merged))).toEqual(merged);
});

describe('as an App', () => {
  const read = (text: string, spec: Images, init: Images = {}) =>
    readImago({
      annotations: { [key]: text },
      labels: {},
      containers: [
        ...list(spec).map((one) => container(one)),
        ...list(init).map((one) => container({ ...one, init: true })),
      ],
    });

  test.each<[string, Images, Images, readonly string[], string | undefined]>([
    ['pinned and stored', { app: 'org/app:1' }, { app: `org/app:1@${a}` }, ['app org/app 1'], undefined],
    ['stored without a tag', { app: 'nginx' }, { app: `nginx@${a}` }, ['app nginx latest'], undefined],
    ['changed by a person', { app: 'app:1' }, { app: 'app:2' }, ['app app 2'], stored({ app: 'app:2' })],
    [
      'one pinned by a person',
      { app: 'app:1', x: `x@${a}` },
      { app: `app@${a}`, x: `x@${a}` },
      ['app app 1'],
      undefined,
    ],
  ])('%s', (...[, before, spec, followed, annotation]) => {
    const adoption = read(stored(before), spec);

    expect(
      adoption?.followed.map(({ name, repository, policy }) => `${name} ${repository} ${policy.digest?.tag}`),
    ).toEqual(followed);
    expect(adoption?.annotation?.value).toBe(annotation);
  });

  test('init containers too', () => {
    expect(
      read(stored({ app: 'app:1' }, { init: 'init:1' }), { app: `app@${a}` }, { init: `init@${a}` })?.followed,
    ).toHaveLength(2);
  });

  test('nothing to follow, or never touched by Imago', () => {
    expect(read(stored({ x: `x@${a}` }), { x: `x@${a}` })).toBeUndefined();
    expect(readImago({ annotations: {}, labels: {}, containers: [container({})] })).toBeUndefined();
  });

  test('the same in another order is not written again', () => {
    const text = '{"initContainers":null,"containers":[{"image":"b:1","name":"b"},{"name":"a","image":"a:1"}]}';

    expect(read(text, { a: `a@${a}`, b: `b@${a}` })?.annotation).toBeUndefined();
  });

  test.each([
    ['{', 'is not JSON'],
    ['[]', 'has no list under containers'],
    ['"text"', 'has no list under containers'],
    ['{"containers":{}}', 'has no list under containers'],
    ['{"containers":[{"name":"app"}]}', 'has no name and image at containers[0]'],
    ['{"initContainers":[7]}', 'has no name and image at initContainers[0]'],
    [`"${'x'.repeat(262_144)}"`, 'has 262146 characters'],
  ])('%.40s is named', (text, problem) => {
    expect(read(text, { app: 'app:1' })?.problems).toEqual([expect.stringContaining(`${key}: ${problem}`)]);
  });
});
