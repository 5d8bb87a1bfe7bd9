/** The command as a CI job runs it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const before = [
  'image: shop/web:1.0.0 # {"$imagepolicy": "shop:web"}',
  'newTag: 1.0.0 # {"$imagepolicy": "shop:web:tag"}',
  'digest: "" # {"$imagepolicy": "shop:web:digest"}',
  'tag: v1 # {"$imagepolicy": "shop:proxy:tag"}',
  '',
].join('\n');

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-cli-write-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await writeFile(join(folder, 'a.yaml'), before);
});

async function say(...words: readonly string[]) {
  const said = { code: 0, out: '', error: '' };
  said.code = await runProgram(words, {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text;
    },
    signal: new AbortController().signal,
  });
  return said;
}

test('writes each marked part and prints a line for each', async () => {
  const { code, out, error } = await say(
    'write',
    folder,
    '--set',
    `shop:web=shop/web:1.20@${digest}`,
    '--set',
    'shop:proxy=p:v2',
  );

  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out.split('\n')).toEqual([
    `${folder}/a.yaml:1 shop/web:1.0.0 -> shop/web:1.20@${digest}`,
    `${folder}/a.yaml:2 1.0.0 -> 1.20`,
    `${folder}/a.yaml:3 "" -> ${digest}`,
    `${folder}/a.yaml:4 v1 -> v2`,
    '',
  ]);
  expect((await readFile(join(folder, 'a.yaml'), 'utf8')).split('\n')).toEqual([
    `image: shop/web:1.20@${digest} # {"$imagepolicy": "shop:web"}`,
    'newTag: "1.20" # {"$imagepolicy": "shop:web:tag"}',
    `digest: "${digest}" # {"$imagepolicy": "shop:web:digest"}`,
    'tag: v2 # {"$imagepolicy": "shop:proxy:tag"}',
    '',
  ]);
});

test('images of kustomizations, charts and values by their place', async () => {
  const files = {
    'kustomization.yaml': 'images:\n- name: shop/web\n  newTag: v1\n',
    'Chart.yaml': 'dependencies:\n- name: redis\n  version: 1.0.0\n',
    'values.yaml': 'web:\n- image: {tag: "v1"}\n',
  };
  const tree = await mkdtemp(join(folder, 'tree-'));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(tree, name), text);
  }
  const { code, out, error } = await say(
    'write',
    tree,
    ...['--image', 'docker.io/shop/web:1.20', '--image', 'shop/other:1'],
    ...['--chart', 'redis=20.1.0', '--value', 'values.yaml:web[0].image.tag=v2'],
  );
  const written = await Promise.all(Object.keys(files).map((name) => readFile(join(tree, name), 'utf8')));
  await rm(tree, { recursive: true });

  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out.split('\n')).toEqual([
    `${tree}/Chart.yaml:3 1.0.0 -> 20.1.0`,
    `${tree}/kustomization.yaml:3 v1 -> 1.20`,
    `${tree}/values.yaml:2 v1 -> v2`,
    'no file has a place for image shop/other',
    '',
  ]);
  expect(written).toEqual([
    'images:\n- name: shop/web\n  newTag: "1.20"\n',
    'dependencies:\n- name: redis\n  version: 20.1.0\n',
    'web:\n- image: {tag: "v2"}\n',
  ]);
});

test.each([
  { value: 'none.yaml:tag=1', says: 'none.yaml: there is no such YAML file' },
  { value: 'a.yaml:nothing.here=1', says: 'a.yaml:1: it has no nothing' },
])('a place that is not there ends with 1: --value $value', async ({ value, says }) => {
  const { code, error } = await say('write', folder, '--value', value);

  expect(code).toBe(1);
  expect(error).toContain(says);
});

test('tells which policy no marker names', async () => {
  const { code, out } = await say('write', folder, '--set', 'shop:wbe=shop/web:2', '--set', 'shop:proxy=p:v1');

  expect({ code, out }).toEqual({ code: 0, out: 'no marker names shop:wbe\n' });
});

test('as JSON, and with --dry-run no file is changed', async () => {
  const { out } = await say('write', folder, '--dry-run', '-o', 'json', '--set', 'shop:proxy=p:v2', '--set', 'a:b=c:d');

  expect(JSON.parse(out)).toEqual({
    changes: [{ file: `${folder}/a.yaml`, line: 4, policy: 'shop:proxy', field: 'tag', old: 'v1', new: 'v2' }],
    unmarked: ['a:b'],
    unplaced: [],
  });
  expect(await readFile(join(folder, 'a.yaml'), 'utf8')).toBe(before);
});

test('ends with 1 and names the file that is no YAML; none is written', async () => {
  await writeFile(join(folder, 'b.yaml'), `${before}{{ end }}: x: "\n`);

  const { code, out, error } = await say('write', folder, '--set', 'shop:proxy=p:v2');
  await rm(join(folder, 'b.yaml'));

  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(error).toMatch(/^headgate: write versions in .*b\.yaml:5: .*; no file was changed\n$/);
  expect(await readFile(join(folder, 'a.yaml'), 'utf8')).toBe(before);
});

describe('wrong use ends with 2 and says what would be right', () => {
  test.each([
    { words: [], says: "missing required argument 'path'" },
    { words: ['.'], says: 'e.g. --set flux-system:web=ghcr.io/org/web:1.2.3' },
    { words: ['.', '--set', 'web'], says: '--set "web": write NAMESPACE:POLICY=REPOSITORY:TAG' },
    { words: ['.', '--set', 'web=a:1'], says: 'write NAMESPACE:POLICY=REPOSITORY:TAG' },
    { words: ['.', '--set', 'Shop:web=a:1'], says: 'write NAMESPACE:POLICY=REPOSITORY:TAG' },
    { words: ['.', '--set', 'shop:web:tag=a:1'], says: 'write NAMESPACE:POLICY=REPOSITORY:TAG' },
    { words: ['.', '--set', 'shop:web='], says: 'write' },
    { words: ['.', '--set', 'shop:web=ghcr.io/a/b'], says: 'has no tag; write REPOSITORY:TAG' },
    { words: ['.', '--set', `shop:web=a@${digest}`], says: 'has no tag; write REPOSITORY:TAG' },
    { words: ['.', '--set', 'shop:web=a:1@sha256:12'], says: 'what follows @ is not a digest' },
    { words: ['.', '--set', 'shop:web=A:1'], says: 'lower case only' },
    { words: ['.', '--set', 'shop:web=a:1\n  evil: x'], says: 'is not a tag' },
    { words: ['.', '--set', 's:w=a:1', '--set', 's:w=a:2'], says: 's:w is set twice' },
    { words: ['.', '--image', 'shop/web'], says: 'has no tag; write REPOSITORY:TAG' },
    { words: ['.', '--image', 'a:1', '--image', 'a:2'], says: 'a is set twice' },
    { words: ['.', '--chart', 'repo/redis=1'], says: 'write NAME=VERSION' },
    { words: ['.', '--chart', 'redis'], says: 'write NAME=VERSION' },
    { words: ['.', '--value', 'a.yaml'], says: 'write FILE:PATH=VALUE' },
    { words: ['.', '--value', 'a.yaml:b'], says: 'write FILE:PATH=VALUE' },
    { words: ['.', '--value', 'a.yaml:b..c=1'], says: 'is no path' },
    { words: ['/nowhere', '--set', 's:w=a:1'], says: 'write versions in /nowhere: ENOENT' },
  ])('headgate write $words', async ({ words, says }) => {
    const { code, out, error } = await say('write', ...words);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain(says);
  });
});
