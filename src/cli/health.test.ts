import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const current = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n';
const open = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, generation: 1}\n';
const failed =
  'apiVersion: batch/v1\nkind: Job\nmetadata: {name: load}\nstatus: {conditions: [{type: Failed, status: "True"}]}\n';
const deleted = 'apiVersion: v1\nkind: Pod\nmetadata: {name: old, deletionTimestamp: "2026-05-04T11:00:00Z"}\n';
const unreadable = 'apiVersion: x.org/v1\nkind: Thing\nmetadata: {name: odd}\nstatus: Running\n';
const running =
  'apiVersion: batch/v1\nkind: Job\nmetadata: {name: long}\nstatus: {startTime: "2026-05-04T11:00:00Z"}\n';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-health-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('every object is printed with its state, reason and message, in the order of the files', async () => {
  const { code, out } = await health([`${open}---\n${failed}`, current], '--output', 'json');

  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual([
    {
      kind: 'Deployment',
      namespace: 'shop',
      name: 'web',
      status: 'InProgress',
      reason: 'LessReplicas',
      message: '0 of 1 replicas made',
    },
    {
      kind: 'Job',
      namespace: '',
      name: 'load',
      status: 'Failed',
      reason: 'JobFailed',
      message: '0 pods failed, 1 must succeed',
    },
    {
      kind: 'ConfigMap',
      namespace: 'shop',
      name: 'settings',
      status: 'Current',
      reason: '',
      message: expect.any(String),
    },
  ]);
});

test('as a table', async () => {
  const { out } = await health([open]);

  expect(out.split('\n').slice(0, 2)).toEqual([
    'NAMESPACE   KIND         NAME   STATUS       REASON         MESSAGE',
    'shop        Deployment   web    InProgress   LessReplicas   0 of 1 replicas made',
  ]);
});

test.each([
  [[current], [], 0],
  [[current, open, failed, deleted, unreadable], [], 0],
  [[current], ['--exit-code'], 0],
  [[current, open], ['--exit-code'], 3],
  [[current, deleted], ['--exit-code'], 3],
  [[current, unreadable], ['--exit-code'], 3],
  [[open, failed], ['--exit-code'], 1],
  [[running], ['--exit-code'], 0],
  [[running], ['--exit-code', '--wait-for-jobs'], 3],
])('%j with %j ends with %i', async (files, words, expected) => {
  expect((await health(files, ...words)).code).toBe(expected);
});

test('an empty list is an answer, an empty file a mistake', async () => {
  expect(await health(['apiVersion: v1\nkind: List\nitems: []\n'], '-o', 'json')).toMatchObject({
    code: 0,
    out: '[]\n',
  });
  expect(await health(['# nothing\n'])).toMatchObject({
    code: 2,
    error: expect.stringContaining('there is no object in it'),
  });
});

test('a broken document ends it with 2 and prints nothing of the others', async () => {
  const { code, out, error } = await health([`${current}---\nkind: [\n`]);

  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error).toMatch(/read .*0\.yaml, document 2, line \d+: no YAML: /);
});

test.each([
  { words: [], says: 'name a file with --filename' },
  { words: ['-f', '/does/not/exist'], says: 'read /does/not/exist: ENOENT' },
  { words: ['-f', '/'], says: 'read /: EISDIR' },
  { words: ['-f', '/dev/zero'], says: 'read /dev/zero: it is larger than 64 MiB' },
])('$words: $says', async ({ words, says }) => {
  expect(await run(...words)).toMatchObject({ code: 2, error: expect.stringContaining(says) });
});

const thing = 'apiVersion: x.org/v1\nkind: Thing\nmetadata: {name: odd}\nstatus: {phase: Broken}\n';
const check = `apiVersion: x.org/v1, kind: Thing, failed: "status.phase == 'Broken'", current: "status.phase == 'Up'"`;

test.each([
  { form: 'a list', content: `- {${check}}` },
  { form: 'an App', content: `kind: App\nspec: {health: {checks: [{${check}}]}}` },
  { form: 'a Kustomization of Flux', content: `kind: Kustomization\nspec: {healthCheckExprs: [{${check}}]}` },
])('--checks takes $form', async ({ content }) => {
  const path = join(folder, 'checks.yaml');
  await writeFile(path, content);
  const { code, out } = await health([thing, current], '--checks', path, '--output', 'json', '--exit-code');

  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject([{ status: 'Failed', reason: 'CheckFailed' }, { status: 'Current' }]);
});

test.each([
  {
    content: '- {apiVersion: x.org/v1, kind: Thing, current: "status."}',
    says: 'healthChecks[0].current: "status." cannot be used',
  },
  { content: '- {apiVersion: x.org/v1, kind: Thing}', says: 'healthChecks[0]' },
  { content: 'kind: App', says: 'healthChecks' },
  { content: '[', says: 'checks.yaml' },
])('--checks of $content: $says', async ({ content, says }) => {
  const path = join(folder, 'checks.yaml');
  await writeFile(path, content);

  expect(await health([thing], '--checks', path)).toMatchObject({ code: 2, error: expect.stringContaining(says) });
});

test('bytes that are no UTF-8 are refused', async () => {
  const path = join(folder, 'latin1.yaml');
  await writeFile(path, Buffer.from(`${current}# caf\xe9\n`, 'latin1'));

  expect(await run('-f', path)).toMatchObject({ code: 2, error: expect.stringContaining('its bytes are no UTF-8') });
});

test('standard input is read, and a pipe gets all of a long answer', async () => {
  const objects = 3_000;
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'health', '-f', '-', '-o', 'json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end(
      Array.from({ length: objects }, (_, index) => `---\n${open.replace('web', `web-${index}`)}`).join(''),
    );
    const answer: unknown = JSON.parse(await text(child.stdout));

    expect(answer).toHaveLength(objects);
    expect(await ended).toBe(0);
  } finally {
    child.kill('SIGKILL');
  }
}, 30_000);

async function health(files: readonly string[], ...words: string[]) {
  const paths = await Promise.all(
    files.map(async (content, index) => {
      const path = join(folder, `${index}.yaml`);
      await writeFile(path, content);
      return path;
    }),
  );
  return await run(...paths.flatMap((path) => ['-f', path]), ...words);
}

async function run(...words: string[]) {
  const printed = { out: '', error: '' };
  const code = await runProgram(['health', ...words], {
    out: (some) => {
      printed.out += some;
    },
    error: (some) => {
      printed.error += some;
    },
    signal: new AbortController().signal,
  });
  return { code, ...printed };
}
