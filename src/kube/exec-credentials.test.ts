import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { tokenFileCredentials } from './credentials.ts';
import { type ExecPlugin, execCredentials } from './exec-credentials.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const { signal } = new AbortController();

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exec-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** A plugin that notes each run and then does what the script says. */
function plugin(script: string, more: Partial<ExecPlugin> = {}): ExecPlugin {
  return {
    apiVersion,
    command: '/bin/sh',
    args: ['-c', `echo run >>"$RUNS"; ${script}`],
    environment: { RUNS: join(folder, 'runs'), PATH: '/usr/bin:/bin' },
    ...more,
  };
}

function grant(status: object): string {
  return `echo '${JSON.stringify({ apiVersion, kind: 'ExecCredential', status })}'`;
}

async function runs(): Promise<number> {
  return (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
}

describe('an exec plugin', () => {
  test('runs once for many requests until its credential ends', async () => {
    const clock = createManualClock(new Date('2026-01-01T00:00:00Z'));
    const credentials = execCredentials(
      plugin(grant({ token: 't', expirationTimestamp: '2026-01-01T00:10:00Z' })),
      clock,
    );

    const proofs = await Promise.all([1, 2, 3].map(() => credentials.current(signal)));
    await clock.advance(9 * 60_000);
    await credentials.current(signal);
    expect(await runs()).toBe(1);
    await clock.advance(55_000);
    await credentials.current(signal);

    expect(proofs).toEqual(Array(3).fill({ authorization: 'Bearer t' }));
    expect(await runs()).toBe(2);
  });

  test('runs again after the server said 401', async () => {
    const credentials = execCredentials(plugin(grant({ token: 't' })), createManualClock());
    await credentials.current(signal);

    expect(credentials.invalidate()).toBe(true);
    await credentials.current(signal);

    expect(await runs()).toBe(2);
  });

  test('may give a certificate, and is told of the cluster', async () => {
    const script = `printf %s "$KUBERNETES_EXEC_INFO" >"$RUNS.info"; ${grant({ clientCertificateData: 'C', clientKeyData: 'K' })}`;
    const credentials = execCredentials(plugin(script, { cluster: { server: 'https://x' } }), createManualClock());

    expect(await credentials.current(signal)).toEqual({ clientCertificate: { certificate: 'C', key: 'K' } });
    expect(JSON.parse(await readFile(join(folder, 'runs.info'), 'utf8'))).toEqual({
      apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: 'https://x' } },
    });
  });

  test.each<{ name: string; plugin: () => ExecPlugin; message: RegExp }>([
    {
      name: 'fails',
      plugin: () => plugin('echo log in first >&2; exit 3'),
      message: /^get credentials from \/bin\/sh: exit 3: log in first$/,
    },
    { name: 'hangs', plugin: () => plugin('exec sleep 60', { timeoutMs: 200 }), message: /: no answer within 200 ms$/ },
    { name: 'talks without end', plugin: () => plugin('exec yes'), message: /: more than 1048576 bytes of output$/ },
    { name: 'says nothing', plugin: () => plugin('true'), message: /: answer is not JSON$/ },
    { name: 'says something else', plugin: () => plugin('echo {}'), message: /: answer is no ExecCredential: / },
    {
      name: 'grants nothing',
      plugin: () => plugin(grant({})),
      message: /: answer has neither a token nor a certificate/,
    },
    {
      name: 'knows no calendar',
      plugin: () => plugin(grant({ token: 'secret', expirationTimestamp: 'soon' })),
      message: /: expirationTimestamp is no RFC 3339 time$/,
    },
    {
      name: 'speaks another version',
      plugin: () => plugin(grant({ token: 'secret' }), { apiVersion: 'client.authentication.k8s.io/v1beta1' }),
      message: /: answer has apiVersion client.authentication.k8s.io\/v1, kubeconfig asks for/,
    },
    {
      name: 'is missing',
      plugin: () => plugin('', { command: 'no-such-command', installHint: 'get it from example.org' }),
      message: /: command not found: get it from example.org$/,
    },
  ])('that $name is API_FORBIDDEN, without a word of its output', async ({ plugin: make, message }) => {
    const error = await execCredentials(make(), createManualClock())
      .current(signal)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'API_FORBIDDEN', retry: 'backoff', message: expect.stringMatching(message) });
    expect(JSON.stringify(error)).not.toContain('secret');
  });
});

describe('a token file', () => {
  test('is read again after a minute, or when the server said 401', async () => {
    const path = join(folder, 'token');
    const clock = createManualClock();
    const credentials = tokenFileCredentials(path, clock);
    const tokens: (string | undefined)[] = [];
    const read = async () => tokens.push((await credentials.current(signal)).authorization);

    await writeFile(path, 'one\n');
    await read();
    await writeFile(path, 'two\n');
    await read();
    await clock.advance(61_000);
    await read();
    await writeFile(path, 'three\n');
    credentials.invalidate();
    await read();

    expect(tokens).toEqual(['Bearer one', 'Bearer one', 'Bearer two', 'Bearer three']);
  });

  test.each([
    { name: 'empty', content: '\n', message: /: file is empty$/ },
    { name: 'huge', content: 'x'.repeat(20_000), message: /: longer than 16384 characters$/ },
  ])('that is $name is CONFIG_INVALID', async ({ content, message }) => {
    const path = join(folder, 'token');
    await writeFile(path, content);

    await expect(tokenFileCredentials(path, createManualClock()).current(signal)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
