/** An App that takes only what is signed: on a real API server and a real registry, signed by the real cosign. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { type Cosign, openCosign, signWithoutLog } from '../../../test/signatures/cosign.ts';
import { pushBundles } from '../../../test/signatures/push-signatures.ts';
import { keylessBundle } from '../../../test/signatures/signatures.ts';
import { actions, privatePem, publicPem, sigstore, trusted } from '../../../test/signatures/signing-stage.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { createRegistryClient } from '../../adapters/registry/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, deployments, secrets } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';

interface DataObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const intervalMs = 60_000;

// The real cosign takes seconds for each signature on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let registry: RunningRegistry;
let cosign: Cosign;
let stage: RuntimeStage;
let repositories = 0;

beforeAll(async () => {
  [registry, cosign] = await Promise.all([startRegistry(), openCosign()]);
}, 1_200_000);

afterAll(async () => {
  await Promise.all([registry.stop(), cosign.close()]);
});

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

test('by key: what is not signed is passed over with the reason, and taken once it is', async () => {
  const repository = await pushWeb(['1.0.0', '1.1.0', '1.2.0']);
  const ending = new AbortController();
  completeRollouts(stage, ending.signal);
  await putSecret({ 'cosign.pub': publicPem(ours) });
  await putApp(repository, { keySecretRef: { name: 'cosign' } });

  await waits('Unverified', 'web stays on 1.0.0: 1.2.0 is not verified: no trusted signature: there is none');
  await sign(repository, '1.1.0', ours);
  await stage.clock.advance(1.2 * intervalMs);
  await runs(repository, '1.1.0');
  await waits('Unverified', 'web stays on 1.1.0: 1.2.0 is not verified');

  await sign(repository, '1.2.0', theirs);
  await stage.clock.advance(3 * intervalMs);
  await waits('Unverified', 'it was not made with the key');
  await sign(repository, '1.2.0', ours);
  await stage.clock.advance(10 * intervalMs);
  await runs(repository, '1.2.0');

  await waits('UpToDate', 'web 1.2.0 is the newest version');
  const mark = (await registry.accessLog()).length;
  await stage.pass(3 * intervalMs, 'web');
  const asked = (await registry.accessLog()).slice(mark).filter(({ path }) => path.includes(repository));
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter(({ path }) => !path.includes('/tags/list'))).toEqual([]);
  ending.abort();
});

test('by identity: only what the trusted one signed is taken', async () => {
  const repository = await pushWeb(['1.0.0', '1.1.0', '1.2.0']);
  const metadata = { namespace: stage.namespace, name: 'sigstore' };
  await stage.client.create<DataObject>(configMaps, { metadata, data: { 'trusted_root.json': sigstore.trustedRoot } });
  const evil = { ...trusted, subject: `https://evil.test/?https://github.com/org/app` };
  const place = { host: registry.host, repository };
  const [good, bad] = await Promise.all(['1.1.0', '1.2.0'].map((tag) => digestOf(repository, tag)));
  await pushBundles({ ...place, digest: good ?? '' }, [keylessBundle({ digest: good ?? '' }, trusted)]);
  await pushBundles({ ...place, digest: bad ?? '' }, [keylessBundle({ digest: bad ?? '' }, evil)]);

  await putApp(repository, {
    identities: [{ issuer: actions, subjectPattern: 'https://github\\.com/org/.*' }],
    trustedRootRef: { name: 'sigstore' },
  });

  await runs(repository, '1.1.0');
});

test('an attestation that is asked for must be there', async () => {
  const repository = await pushWeb(['1.0.0', '1.1.0']);
  await putSecret({ 'cosign.pub': publicPem(ours) });
  await sign(repository, '1.1.0', ours);
  await putApp(repository, { keySecretRef: { name: 'cosign' }, attestations: ['slsaprovenance1'] });

  await waits('Unverified', 'no trusted attestation https://slsa.dev/provenance/v1');
  const predicate = await cosign.file('predicate.json', '{"buildDefinition": {}, "runDetails": {}}');
  const about = ['--key', await keyFile(ours), '--predicate', predicate, '--type', 'slsaprovenance1'];
  const image = `${registry.host}/${repository}@${await digestOf(repository, '1.1.0')}`;
  await cosign.run('attest', ...signWithoutLog, ...about, image);
  await stage.clock.advance(2 * intervalMs);
  await runs(repository, '1.1.0');
});

test('a Secret that is missing, wrong and mended is told each time', async () => {
  const repository = await pushWeb(['1.0.0', '1.1.0']);
  await sign(repository, '1.1.0', ours);
  const field = 'spec.sources[0].image.verify.keySecretRef';
  await putApp(repository, { keySecretRef: { name: 'cosign' } });

  await waits('TargetNotFound', `${field}: there is no Secret "cosign"`);
  await putSecret({ 'cosign.key': privatePem(ours) });
  await stage.clock.advance(2 * intervalMs);
  await waits('RegistryUnavailable', `${field}: Secret "cosign" has no public key`);
  await patchSecret({ 'cosign.pub': privatePem(ours) });
  await stage.clock.advance(2 * intervalMs);
  await waits('RegistryUnavailable', `${field}: "cosign.pub" is no public key`);
  await patchSecret({ 'cosign.pub': publicPem(ours) });
  await stage.clock.advance(2 * intervalMs);
  await runs(repository, '1.1.0');
});

test.each([
  { verify: {}, says: 'exactly one of keySecretRef and identities must be set' },
  {
    verify: { keySecretRef: { name: 'cosign' }, identities: [{ issuer: 'a', subject: 'b' }] },
    says: 'exactly one of keySecretRef and identities must be set',
  },
  { verify: { identities: [] }, says: 'identities' },
  { verify: { identities: [{ subject: 'b' }] }, says: 'exactly one of issuer and issuerPattern must be set' },
  { verify: { identities: [{ issuer: 'a', subject: 'b', subjectPattern: 'c' }] }, says: 'exactly one of subject' },
  { verify: { keySecretRef: { name: 'cosign' }, signature: 'Optional' }, says: 'Unsupported value' },
])('the API server refuses verify $verify', async ({ verify, says }) => {
  await expect(putApp('org/web', verify)).rejects.toThrow(says);
});

/** The versions in a new repository, and a Deployment that runs the first. */
async function pushWeb(versions: readonly string[]): Promise<string> {
  repositories += 1;
  const repository = `org/web-${repositories}`;
  await pushVersions(registry.host, repository, versions);
  await createDeployment(stage, 'web', `${registry.host}/${repository}:${versions[0]}`);
  return repository;
}

/** Cosign encrypts a key when it imports it, which takes it a while. */
const keyFiles = new Map<typeof ours, Promise<string>>();

async function keyFile(pair: typeof ours): Promise<string> {
  const file = keyFiles.get(pair) ?? cosign.importKey(pair === ours ? 'ours' : 'theirs', privatePem(pair));
  keyFiles.set(pair, file);
  return await file;
}

async function sign(repository: string, tag: string, pair: typeof ours): Promise<void> {
  const image = `${registry.host}/${repository}@${await digestOf(repository, tag)}`;
  await cosign.run('sign', ...signWithoutLog, '--key', await keyFile(pair), image);
}

async function digestOf(repository: string, tag: string): Promise<string> {
  const client = createRegistryClient({ clock: stage.clock });
  const place = { registry: registry.host, path: repository };
  try {
    return (await client.findDigest(place, tag, { insecure: true }, new AbortController().signal)) ?? '';
  } finally {
    await client.close();
  }
}

async function putSecret(entries: Readonly<Record<string, string>>): Promise<void> {
  const metadata = { namespace: stage.namespace, name: 'cosign' };
  await stage.client.create<DataObject>(secrets, { metadata, stringData: entries });
}

async function patchSecret(entries: Readonly<Record<string, string>>): Promise<void> {
  const target = { namespace: stage.namespace, name: 'cosign' };
  await stage.client.patch(secrets, target, { kind: 'merge', body: { stringData: entries } });
}

async function putApp(repository: string, verify: object): Promise<void> {
  const image = {
    repository: `${registry.host}/${repository}`,
    insecure: true,
    policy: { semver: { range: '1.x' } },
    verify,
  };
  const spec = {
    interval: '1m',
    health: { stableFor: '0s' },
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ name: 'web' }] } },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}

async function waits(reason: string, message: string): Promise<void> {
  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(status?.waiting).toMatchObject({ reason, message: expect.stringContaining(message) });
  });
}

async function runs(repository: string, tag: string): Promise<void> {
  const image = `${registry.host}/${repository}:${tag}@${await digestOf(repository, tag)}`;
  await stage.until(async () => {
    const object = await stage.client.get(deployments, { namespace: stage.namespace, name: 'web' });
    expect(decodeWorkload('Deployment', object).containers[0]?.image).toBe(image);
  });
}
