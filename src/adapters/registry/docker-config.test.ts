import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseRepository } from '../../core/image/reference.ts';
import type { AmbientCredentials } from './ambient.ts';
import { dockerConfigCredentials } from './docker-config.ts';

const auth = Buffer.from('foo:bar').toString('base64');
const foo = { kind: 'Found', credentials: { username: 'foo', password: 'bar' } };
const nothing = { kind: 'Nothing' };

let folder: string;
let now: Date;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docker-config-'));
  await mkdir(join(folder, 'bin'));
  now = new Date('2026-01-01T00:00:00Z');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('auths', () => {
  test.each([
    [{ 'https://index.docker.io/v1/': { auth } }, 'alpine', foo],
    [{ 'ghcr.io': { auth } }, 'ghcr.io/org/app', foo],
    [{ 'ghcr.io': { auth } }, 'quay.io/org/app', nothing],
    [{ 'ghcr.io': {} }, 'ghcr.io/org/app', nothing],
    [
      { 'x.azurecr.io': { auth: Buffer.from('0:').toString('base64'), identitytoken: 'token' } },
      'x.azurecr.io/app',
      { kind: 'Found', credentials: { username: '0', password: '', identityToken: 'token' } },
    ],
  ])('%j have for %s %j', async (auths, repository, expected) => {
    await writeConfig({ auths });

    expect(await find(repository)).toEqual(expected);
  });

  test('of a file that is not there hold nothing', async () => {
    expect(await find('ghcr.io/org/app')).toEqual(nothing);
  });

  test('are read again after a minute, or at once when they did not do', async () => {
    const config = open();
    expect(await find('ghcr.io/org/app', config)).toEqual(nothing);
    await writeConfig({ auths: { 'ghcr.io': { auth } } });

    expect(await find('ghcr.io/org/app', config)).toEqual(nothing);
    config.forget(parseRepository('ghcr.io/org/app'));
    expect(await find('ghcr.io/org/app', config)).toEqual(foo);

    await writeConfig({});
    now = new Date(now.getTime() + 60_000);
    expect(await find('ghcr.io/org/app', config)).toEqual(nothing);
  });
});

describe('a credential helper', () => {
  /** Answers every server with itself as user. */
  const echo =
    'read -r server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"$server\\",\\"Secret\\":\\"s\\"}"';
  const userOf = async (repository: string) => {
    const found = await find(repository);
    return found.kind === 'Found' ? found.credentials.username : found.kind;
  };

  test.each([
    [{ credHelpers: { 'ghcr.io': 'echo' } }, 'ghcr.io/org/app', 'ghcr.io'],
    [{ credHelpers: { 'ghcr.io': 'echo' } }, 'quay.io/org/app', 'Nothing'],
    [{ credHelpers: { 'https://index.docker.io/v1/': 'echo' } }, 'alpine', 'https://index.docker.io/v1/'],
    [{ credHelpers: { 'docker.io': 'echo' } }, 'alpine', 'https://index.docker.io/v1/'],
    [{ credsStore: 'echo' }, 'registry.test:5000/app', 'registry.test:5000'],
    [{ credsStore: 'none', credHelpers: { 'ghcr.io': 'echo' } }, 'ghcr.io/org/app', 'ghcr.io'],
    [{ credsStore: 'none', auths: { 'ghcr.io': { auth } } }, 'ghcr.io/org/app', 'foo'],
    [{ credsStore: 'none', auths: { 'ghcr.io': {} } }, 'ghcr.io/org/app', 'Nothing'],
  ])('of %j gives for %s the user %s', async (config, repository, user) => {
    await writeConfig(config);
    await writeHelper('echo', `test "$1" = get || exit 7\n${echo}`);
    await writeHelper('none', 'echo "credentials not found in native keychain"; exit 1');

    expect(await userOf(repository)).toBe(user);
  });

  test('may have an identity token', async () => {
    await writeConfig({ credsStore: 'token' });
    await writeHelper('token', `echo '{"ServerURL":"x","Username":"<token>","Secret":"abc"}'`);

    expect(await find('ghcr.io/org/app')).toEqual({
      kind: 'Found',
      credentials: { username: '', password: '', identityToken: 'abc' },
    });
  });

  test('runs once for five minutes and all who ask at once', async () => {
    await writeConfig({ credsStore: 'echo' });
    await writeHelper('echo', `echo ran >> ${folder}/runs\n${echo}`);
    const config = open();

    await Promise.all([find('ghcr.io/a', config), find('ghcr.io/b', config)]);
    now = new Date(now.getTime() + 299_000);
    await find('ghcr.io/a', config);
    expect(await runs()).toBe(1);
    now = new Date(now.getTime() + 2_000);
    await find('ghcr.io/a', config);
    expect(await runs()).toBe(2);
    config.forget(parseRepository('ghcr.io/a'));
    await find('ghcr.io/a', config);
    expect(await runs()).toBe(3);
  });

  test.each([
    ['is missing', 'missing', '', 'is not installed: no such program in PATH'],
    ['has a path for a name', '../bin/sh', '', 'is no name of a helper'],
    ['is silent', 'slow', 'exec sleep 60', 'gives no answer within 0.3 s'],
    ['says too much', 'loud', 'yes hunter2', 'gives more than 65536 bytes'],
    ['fails', 'broken', 'echo "no session:  run login"; exit 3', 'ends with 3 (no session: run login)'],
    ['fails with what may be secret', 'leaky', `echo '{"Secret":"hunter2"}'; exit 3`, 'ends with 3'],
    ['answers no JSON', 'odd', 'echo hunter2', 'answers something else than JSON with Username and Secret'],
    ['answers no secret', 'odd', `echo '{"Username":"hunter2"}'`, 'answers something else than JSON'],
  ])('that %s is told, without what it said', async (_, helper, script, part) => {
    await writeConfig({ credsStore: helper });
    if (script !== '') {
      await writeHelper(helper, script);
    }

    const found = await find('ghcr.io/org/app', open(300));

    expect(found).toEqual({ kind: 'Unusable', problem: expect.stringContaining(part) });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});

describe('a file that cannot be used is told:', () => {
  test.each([
    ['{"auths": hunter2', 'holds no JSON object'],
    ['["hunter2"]', 'holds no JSON object'],
    ['{"credHelpers": ["hunter2"]}', 'credHelpers: is no object of names'],
    ['{"auths": {"ghcr.io": {"auth": "hunter2!"}}}', 'entry "ghcr.io": "auth" is not base64'],
    [`{"x": "${'hunter2'.repeat(150_000)}"}`, 'is larger than 1048576 bytes'],
  ])('%.30s: %s', async (text, part) => {
    await writeFile(join(folder, 'config.json'), text);

    const found = await find('ghcr.io/org/app');

    expect(found).toEqual({ kind: 'Unusable', problem: expect.stringContaining(part) });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test('a folder in its place', async () => {
    await mkdir(join(folder, 'config.json'));

    expect(await find('ghcr.io/org/app')).toEqual({ kind: 'Unusable', problem: expect.stringContaining('EISDIR') });
  });
});

function open(helperTimeoutMs = 10_000): AmbientCredentials {
  const PATH = [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter);
  return dockerConfigCredentials({
    path: join(folder, 'config.json'),
    environment: { PATH },
    clock: { now: () => now },
    helperTimeoutMs,
  });
}

function find(repository: string, config = open()) {
  return config.find({
    repository: parseRepository(repository),
    operation: { what: 'list tags', repository },
    access: { insecure: false },
    signal: new AbortController().signal,
  });
}

async function writeConfig(config: object): Promise<void> {
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}

/** A real program of the name that docker would run. */
async function writeHelper(name: string, script: string): Promise<void> {
  const path = join(folder, 'bin', `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

async function runs(): Promise<number> {
  return (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
}
