import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../../test/kube/manual-clock.ts';
import { createLogger } from '../../telemetry/log.ts';
import { openWebhookSecrets, type SecretsOf } from './webhook-secrets.ts';

let directory: string;
let clock: ManualClock;
let log: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'webhook-secrets-'));
  clock = createManualClock();
  log = [];
});

afterEach(() => rm(directory, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

function open(files: readonly string[], secret?: string): Promise<SecretsOf> {
  const logger = createLogger('info', { write: (line) => log.push(line) });
  return openWebhookSecrets({ files, secret, clock, log: logger });
}

test('a sender with a file of its own is believed by that alone, the others by the common ones', async () => {
  const common = await write('common', 'one\n\n  two \n');
  const own = await write('own', 'mine');

  const secretsOf = await open([common, `github=${own}`], 'environment');

  expect(await secretsOf('github')).toEqual(['mine']);
  expect(await secretsOf('quay')).toEqual(['environment', 'one', 'two']);
});

test('a path with an equals sign is a path', async () => {
  const secretsOf = await open([await write('a=b', 'secret')]);

  expect(await secretsOf('quay')).toEqual(['secret']);
});

test('a file that has changed is read again, and one that is gone stays as it was', async () => {
  const path = await write('common', 'old');
  const secretsOf = await open([path]);

  await write('common', 'new\nold');
  expect(await secretsOf('quay')).toEqual(['old']);
  await clock.advance(10_000);
  expect(await secretsOf('quay')).toEqual(['new', 'old']);

  await rm(path);
  await clock.advance(10_000);
  expect(await secretsOf('quay')).toEqual(['new', 'old']);
  expect(log.join()).toContain(`read webhook secret ${path}: it cannot be read`);
  expect(log.join()).not.toContain('old');
});

test.each([
  ['an empty file', async () => await write('empty', ' \n'), 'it is empty'],
  ['no file', async () => join(directory, 'none'), 'it cannot be read'],
  ['a sender that there is not', async () => `gitub=${await write('own', 'mine')}`, 'it cannot be read'],
])('%s is refused at the start', async (_name, prepare, says) => {
  await expect(open([await prepare()])).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(says),
  });
});
