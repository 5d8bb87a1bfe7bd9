/** A Release in one file: out of one channel and registry, and into others, which never hear of the first. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pushImage } from '../../../scripts/oci/push.ts';
import { signal } from '../../../test/channels/channel-ground.ts';
import { makeWebImage } from '../../../test/images/web-image.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { type Cosign, oldLayout, openCosign, signWithoutLog } from '../../../test/signatures/cosign.ts';
import { type TarEntry, writeTar } from '../../adapters/channel/write-tar.ts';
import { createRegistryClient, type RegistryClient } from '../../adapters/registry/client.ts';
import { runProgram } from '../../cli/program.ts';
import { systemClock } from '../../kube/clock.ts';

let top: string;
let origin: RunningRegistry;
let local: RunningRegistry;
let client: RegistryClient;
let digest: string;

beforeAll(async () => {
  origin = await startRegistry();
  local = await startRegistry();
  client = createRegistryClient({ clock: systemClock });
  const target = { host: origin.host, repository: 'org/web', tag: '1.0.0', insecure: true };
  await pushImage(makeWebImage({ version: '1.0.0' }), target);
  const repository = { registry: origin.host, path: 'org/web' };
  digest = (await client.findDigest(repository, '1.0.0', { insecure: true }, signal)) ?? '';
});

afterAll(async () => {
  await Promise.all([origin.stop(), local.stop(), client.close()]);
});

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'archive-'));
  await succeed('init', '--store', at('stable'), '--keys', at('keys'));
  await writeFile(at('r1.json'), JSON.stringify({ metadata: { name: 'r1' }, spec: releaseSpec() }));
  await succeed('publish', '--store', at('stable'), '--keys', at('keys'), '--release', at('r1.json'));
});

afterEach(() => rm(top, { recursive: true, force: true }));

const at = (path: string) => join(top, path);

function releaseSpec() {
  const image = { repository: `${origin.host}/org/web`, insecure: true, policy: { semver: { range: '*' } } };
  const definition = JSON.stringify({ sources: [{ name: 'image', image }] });
  const location = `${origin.host}/org/web`;
  const versions = [{ source: 'image', kind: 'Image', location, tag: '1.0.0', digest }];
  const apps = [{ name: 'web', namespace: 'hub', definition, versions }];
  return { channel: 'stable', sequence: 1, createdAt: '2030-01-01T00:00:00Z', apps };
}

async function headgate(...words: readonly string[]) {
  let text = '';
  const out = (part: string) => {
    text += part;
  };
  const code = await runProgram(['channel', ...words], { out, error: out, signal });
  return { code, text };
}

async function succeed(...words: readonly string[]): Promise<string> {
  const { code, text } = await headgate(...words);
  expect([code, text], text).toEqual([0, text]);
  return text;
}

const exportAll = (...words: readonly string[]) =>
  succeed('export', 'r1', '--store', at('stable'), '--out', at('r1.tar'), ...words);

const importInto = (prefix: string, file = at('r1.tar')) =>
  headgate(
    ...['import', file, '--store', at('carried'), '--root', at('stable/1.root.json')],
    ...['--images', `oci://${local.host}/${prefix}?insecure=true`],
  );

const find = (path: string, reference: string) =>
  client.findImage({ registry: local.host, path }, reference, { insecure: true }, signal);

test('images and metadata go along, under their digest and tag, and again the same bytes', async () => {
  expect(await exportAll()).toContain('with 1 images');
  const first = await readFile(at('r1.tar'));
  await exportAll();
  expect((await readFile(at('r1.tar'))).equals(first)).toBe(true);

  const { code, text } = await importInto('a');
  expect([code, text]).toEqual([0, `imported r1\nimported ${local.host}/a/org/web@${digest}\n`]);
  expect((await find('a/org/web', digest))?.digest).toBe(digest);
  expect((await find('a/org/web', '1.0.0'))?.digest).toBe(digest);
  expect(await succeed('verify', at('carried'), '--root', at('stable/1.root.json'))).toContain('r1 (1)');
});

describe('what is attached to an image goes along', () => {
  let cosign: Cosign;
  let privateKey: string;
  let publicKey: string;

  beforeAll(async () => {
    cosign = await openCosign();
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    privateKey = await cosign.importKey('ours', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    publicKey = await cosign.file('ours.pub', pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const image = `${origin.host}/org/web@${digest}`;
    const statement = await cosign.file('statement.json', '{"passed": true}');
    await cosign.run('sign', ...signWithoutLog, oldLayout, '--key', privateKey, image);
    await cosign.run('sign', ...signWithoutLog, '--key', privateKey, image);
    const predicate = ['--predicate', statement, '--type', 'custom'];
    await cosign.run('attest', ...signWithoutLog, oldLayout, '--key', privateKey, ...predicate, image);
  });

  afterAll(() => cosign.close());

  /** Of all that cosign finds at the copy. */
  async function verdicts(prefix: string): Promise<readonly string[]> {
    const words = ['--key', publicKey, '--insecure-ignore-tlog', '--allow-http-registry'];
    const image = `${local.host}/${prefix}/org/web@${digest}`;
    return await Promise.all([
      cosign.judge('verify', oldLayout, ...words, image),
      cosign.judge('verify', ...words, image),
      cosign.judge('verify-attestation', oldLayout, '--type', 'custom', ...words, image),
    ]);
  }

  const accepted = ['accepted', 'accepted', 'accepted'];

  test('export and import', async () => {
    expect(await exportAll()).toContain('with 1 images and 3 signatures or attestations');
    expect((await importInto('signed')).code).toBe(0);
    expect(await verdicts('signed')).toEqual(accepted);

    expect((await importInto('signed')).code).toBe(0);
    expect(await verdicts('signed')).toEqual(accepted);
  });

  test('mirror', async () => {
    await succeed('mirror', 'r1', '--store', at('stable'), '--images', `oci://${local.host}/kept?insecure=true`);
    expect(await verdicts('kept')).toEqual(accepted);
  });

  test('and gives an image no other tag than those of signatures', async () => {
    await exportAll();
    const bytes = await readFile(at('r1.tar'));
    const name = `${digest.replace(':', '-')}.sig`;
    const changed = Buffer.from(
      bytes.toString('latin1').replaceAll(`:${name}"`, `:${'x'.repeat(name.length)}"`),
      'latin1',
    );
    expect(changed.equals(bytes)).toBe(false);
    await writeFile(at('changed.tar'), changed);

    expect((await importInto('other', at('changed.tar'))).code).toBe(0);

    expect(await find('other/org/web', 'x'.repeat(name.length))).toBeUndefined();
    expect(await verdicts('other')).toEqual([
      expect.stringMatching(/no (?:matching )?signatures/),
      'accepted',
      'accepted',
    ]);
  });
});

test('a Release that is older than the channel there is added, and takes nothing of the newer one away', async () => {
  await exportAll('--without-images');
  const carry = (file: string) =>
    succeed('import', at(file), '--store', at('plain'), '--root', at('stable/1.root.json'));
  await writeFile(at('r2.json'), JSON.stringify({ metadata: { name: 'r2' }, spec: { ...releaseSpec(), sequence: 2 } }));
  await succeed('publish', '--store', at('stable'), '--keys', at('keys'), '--release', at('r2.json'));
  await succeed('export', 'r2', '--store', at('stable'), '--out', at('r2.tar'), '--without-images');
  expect(await carry('r2.tar')).toBe('imported r2\n');
  const newest = await readFile(at('plain/timestamp.json'), 'utf8');
  const verify = (...words: readonly string[]) =>
    headgate('verify', at('plain'), '--root', at('stable/1.root.json'), ...words);
  expect(await verify()).toMatchObject({
    code: 1,
    text: expect.stringMatching(/it has no file targets\/releases\/\w+\.r1\.json/),
  });
  expect((await verify('--partial')).text).toMatch(/r1 \(1\), published \S+, not here\nr2 \(2\), published \S+\n/);

  expect(await carry('r1.tar')).toBe(
    'imported r1\nthe channel there is newer (timestamp 2) and stays the one that is read\n',
  );
  expect(await readFile(at('plain/timestamp.json'), 'utf8')).toBe(newest);
  expect(await verify()).toMatchObject({ code: 0, text: expect.stringContaining('r2 (2)') });
});

test('mirror copies the images, and what is there already is not sent again', async () => {
  const words = ['mirror', 'r1', '--store', at('stable'), '--images', `oci://${local.host}/m?insecure=true`];
  expect(await succeed(...words)).toBe(`copied ${local.host}/m/org/web@${digest}\n`);
  expect((await find('m/org/web', '1.0.0'))?.digest).toBe(digest);
  const before = (await local.accessLog()).length;
  await succeed(...words);
  const again = (await local.accessLog()).slice(before);
  expect(again.filter(({ method }) => method === 'POST')).toEqual([]);
});

test('images stay where they are on wish', async () => {
  expect(await exportAll('--without-images')).toContain('with 0 images');
  expect((await stat(at('r1.tar'))).size).toBeLessThan(100_000);
  const { code, text } = await importInto('b');
  expect([code, text]).toEqual([1, expect.stringMatching(/it has no sha256:/)]);
});

describe('a file that was changed on the way is refused before anything is in the registry', () => {
  async function importChanged(change: (bytes: Buffer) => Buffer, prefix: string) {
    await exportAll();
    await writeFile(at('changed.tar'), change(await readFile(at('r1.tar'))));
    const outcome = await importInto(prefix, at('changed.tar'));
    expect(await find(`${prefix}/org/web`, digest)).toBeUndefined();
    await expect(stat(at('carried/timestamp.json'))).rejects.toThrow('ENOENT');
    return outcome;
  }

  /** Another letter in the first place where the text is. */
  const change = (text: string) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    const place = changed.indexOf(text);
    expect(place).toBeGreaterThan(0);
    changed[place] = (changed[place] ?? 0) ^ 1;
    return changed;
  };

  const entries =
    (...more: readonly TarEntry[]) =>
    () =>
      writeTar(more);
  const file = (path: string): TarEntry => ({ kind: 'file', path, content: Buffer.from('x') });

  test.each([
    { name: 'a letter of the Release', make: change('"sequence": 1'), says: /hash|digest|signature/i },
    { name: 'a letter of the manifest', make: change('"layers"'), says: /is something else|neither an index/ },
    {
      name: 'its second half is missing',
      make: (one: Buffer) => one.subarray(0, one.length / 2),
      says: /ends in the middle/,
    },
    { name: 'it is something else', make: () => Buffer.from('hello'.repeat(1_000)), says: /no tar archive/ },
    { name: 'it is empty', make: () => Buffer.alloc(0), says: /has no end/ },
    {
      name: 'it has a link',
      make: entries({ kind: 'link', path: 'timestamp.json', target: '/etc/passwd' }),
      says: /is no file/,
    },
    {
      name: 'a name leads out of it',
      make: () => {
        const bytes = writeTar([file('xx/evil')]);
        // The header is that of the folder first; so both are changed, with their sums left wrong.
        return Buffer.from(bytes.toString('latin1').replaceAll('xx/evil', '../evil'), 'latin1');
      },
      says: /not that of tar|leads out of it/,
    },
    { name: 'it has no channel in it', make: entries(file('a')), says: /root|channel/i },
  ])('$name', async ({ make, says, name }) => {
    const { code, text } = await importChanged(make, `c${name.length}`);
    expect(code).not.toBe(0);
    expect(text).toMatch(says);
  });
});
