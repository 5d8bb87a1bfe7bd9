/**
 * Apps of manifests from a real git server and on a real API server, whose input is bad: nothing is half-applied without the record saying
 * exactly what was, and it goes on when the input is mended.
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { configMap } from '../../../test/manifests/folder-apps.ts';
import { allow } from '../../../test/manifests/stage.ts';
import { openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { startGitHttp } from '../../../test/servers/git-http.ts';
import {
  type CommitFiles,
  makeGitRoot,
  makeRepository,
  type TestRepository,
} from '../../../test/servers/git-repository.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { configMaps, customResourceDefinitions } from '../../kube/resource-types.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';

let root: ReturnType<typeof makeGitRoot>;
let git: TestServer;
let stage: RuntimeStage;
let repository: TestRepository;
let name = '';
let count = 0;

beforeAll(async () => {
  root = makeGitRoot();
  git = await startGitHttp({ root: root.directory });
});

afterAll(async () => {
  await git.stop();
  root.remove();
});

beforeEach(async () => {
  count += 1;
  name = `repo-${count}.git`;
  repository = makeRepository(root.directory, name);
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

const good = (value: string): CommitFiles => ({ 'a.yaml': configMap('a', { value }) });

/** The App, with its first version in place. */
/** So that what is refused is met while it is applied. */
const noRehearsal = { preflight: { checks: ['Health'] } };

async function begin(manifests: object = {}, gates: object = {}): Promise<void> {
  repository.commit(good('1'));
  const spec = {
    interval: '5s',
    sources: [{ name: 'files', git: { url: `${git.origin}/${name}`, branch: 'main', insecure: true } }],
    deploy: { manifests },
    health: { timeout: '60s', stableFor: '0s' },
    gates,
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
  await untilEnded(1, 'Succeeded');
}

async function untilEnded(sequence: number, phase: string): Promise<UpdateObjectWire> {
  let found: UpdateObjectWire | undefined;
  await stage.until(async () => {
    await stage.clock.advance(1_000);
    found = (await stage.updatesOf('web')).find(({ spec }) => spec.sequence === sequence);
    const said = JSON.stringify([found?.status, (await stage.app('web')).status?.waiting]);
    expect(found?.status?.phase, said).toBe(phase);
  });
  return found ?? expect.fail();
}

async function dataOf(object = 'a'): Promise<string | undefined> {
  const key = { namespace: stage.namespace, name: object };
  return (await stage.client.find<KubeObject & { data?: Record<string, string> }>(configMaps, key))?.data?.['value'];
}

const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 104857600\n`;

describe('files that are refused before anything is changed', () => {
  test.each<[string, CommitFiles, RegExp]>([
    // Zeros: 100 MB of them are a pack of 100 kB, so that no bound of the transport sees them.
    ['a file of 100 MB', { 'big.yaml': `# ${'0'.repeat(100_000_000)}` }, /big\.yaml|has more than \d+/],
    [
      'a symbolic link out of the tree',
      { 'link.yaml': { linkTo: '../../etc/passwd' } },
      /link.yaml: it is a SymbolicLink/,
    ],
    [
      'a submodule in the place of a file',
      { 'sub.yaml': { submodule: '1'.repeat(40) } },
      /sub.yaml: it is a Submodule/,
    ],
    ['a pointer of LFS', { 'large.yaml': lfs }, /large.yaml: it is a LfsPointer/],
    ['a kustomization that leads out', { 'kustomization.yaml': 'resources: [../../../etc/passwd]' }, /passwd/],
    [
      'one broken file of many',
      {
        ...Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}.yaml`, configMap(`n${at}`, {})])),
        '25.yaml': 'kind: [',
      },
      /25.yaml, document 1, line \d: no YAML/,
    ],
  ])('%s', async (_, files, message) => {
    await begin();
    repository.commit({ ...files, ...good('2') });

    const bad = await untilEnded(2, 'Failed');

    expect(bad.status?.steps?.map((step) => step.message).join('\n')).toMatch(message);
    expect(await dataOf()).toBe('1');
    const removed = Object.fromEntries(Object.keys(files).map((path) => [path, undefined]));
    repository.commit({ ...removed, ...good('3') });
    await untilEnded(3, 'Succeeded');
    expect(await dataOf()).toBe('3');
  });
});

test('a tree with .. in it is refused, and the next commit taken', async () => {
  await begin();
  const blob = repository.git('rev-parse', 'main:a.yaml');
  const inner = repository.makeTree(`100644 blob ${blob}\tx.yaml\n`);
  const tree = repository.makeTree(`040000 tree ${inner}\t..\n100644 blob ${blob}\ta.yaml\n`);
  const parent = repository.git('rev-parse', 'main');
  repository.git('update-ref', 'refs/heads/main', repository.git('commit-tree', '-m', 'evil', '-p', parent, tree));

  const bad = await untilEnded(2, 'Failed');

  expect(JSON.stringify(bad.status)).toMatch(/leads out of the tree/);
  repository.commit(good('3'), { orphan: true });
  await untilEnded(3, 'Succeeded');
  expect(await dataOf()).toBe('3');
});

test('a forced push is what the branch is now, and the way back does not need what it forgot', async () => {
  await begin({}, noRehearsal);
  repository.commit({ ...good('2'), 'bad.yaml': configMap('Not_A_Name', {}) }, { orphan: true });
  repository.git('reflog', 'expire', '--expire=now', '--all');
  repository.git('gc', '--quiet', '--prune=now');

  const bad = await untilEnded(2, 'RolledBack');

  expect(bad.status?.failure?.message).toMatch(/Not_A_Name/);
  expect(await dataOf()).toBe('1');
});

test('a repository that is deleted moves nothing and is told; objects are kept as they were, until it is back', async () => {
  await begin();
  const [here, gone] = [join(root.directory, name), join(root.directory, `${name}-gone`)];
  await rename(here, gone);
  await stage.until(async () => {
    await stage.clock.advance(6_000);
    const { status } = await stage.app('web');
    expect(status?.waiting).toMatchObject({ message: expect.stringMatching(/find branch main of .*(not found|404)/i) });
  });
  expect(await stage.updatesOf('web')).toHaveLength(1);
  expect(await dataOf()).toBe('1');

  await rename(gone, here);
  repository.commit(good('2'));
  await untilEnded(2, 'Succeeded');
  expect(await dataOf()).toBe('2');
});

test('a repository that goes away before an Update could read it is waited for, and that is told', async () => {
  await begin();
  const change = async (gates: object | null) =>
    await stage.client.patch(
      apps,
      { namespace: stage.namespace, name: 'web' },
      { kind: 'merge', body: { spec: { gates } } },
    );
  await change({ approvals: { required: 1 } });
  repository.commit(good('2'));
  await stage.until(async () => {
    await stage.clock.advance(1_000);
    expect((await stage.updatesOf('web'))[1]?.status?.waiting?.reason).toBe('ApprovalRequired');
  });
  const [here, gone] = [join(root.directory, name), join(root.directory, `${name}-gone`)];
  await rename(here, gone);
  await change(null);
  await stage.until(async () => {
    const [, second] = await stage.updatesOf('web');
    expect(second?.status).toMatchObject({ phase: 'Pending', waiting: { reason: 'RegistryUnavailable' } });
  });

  await rename(gone, here);

  await untilEnded(2, 'Succeeded');
  expect(await dataOf()).toBe('2');
});

/** Of kind Widget, in these versions, the last of which is stored. */
function definition(group: string, versions: readonly string[]) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
      versions: versions.map((version, index) => ({
        ...{ name: version, served: true, storage: index === versions.length - 1 },
        schema: { openAPIV3Schema: { type: 'object' } },
      })),
    },
  };
}

test('a CRD and its object in one commit, and both gone with the way back', async () => {
  const group = `${stage.namespace}.example.com`;
  const crd = definition(group, ['v1']);
  const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one' } };
  await allowAll('deployer');
  await begin({ serviceAccountName: 'deployer' });
  repository.commit({ 'z-crd.yaml': JSON.stringify(crd), 'a-widget.yaml': JSON.stringify(widget) });
  await untilEnded(2, 'Succeeded');
  const widgets: ResourceType = { group, version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };
  expect(await stage.client.find(widgets, { namespace: stage.namespace, name: 'one' })).toBeDefined();

  repository.commit({ 'z-crd.yaml': undefined, 'a-widget.yaml': undefined });
  const third = await untilEnded(3, 'Succeeded');
  expect(third.status?.manifests?.oneWays).toEqual([
    expect.stringMatching(/Definition .* is deleted with all its objects/),
  ]);
});

test('a CRD that somebody else put there is compared as it stands; one that is to stay is not said to be deleted', async () => {
  const group = `${stage.namespace}.example.com`;
  await stage.client.create(customResourceDefinitions, definition(group, ['v1']));
  await allowAll('deployer');
  await begin({ serviceAccountName: 'deployer', conflicts: 'Force' });
  const { metadata, ...next } = definition(group, ['v1', 'v2']);
  const kept = { ...next, metadata: { ...metadata, annotations: { 'headgate.dev/prune': 'disabled' } } };

  // As kustomize renders it.
  repository.commit({ 'kustomization.yaml': 'resources: [a.yaml, crd.yaml]\n', 'crd.yaml': JSON.stringify(kept) });

  const second = await untilEnded(2, 'Succeeded');
  expect(second.status?.manifests?.oneWays).toEqual([
    expect.stringMatching(/Definition .* stores objects as v2, which the former definition cannot read/),
  ]);
  repository.commit({ 'kustomization.yaml': 'resources: [a.yaml]\n' });
  const third = await untilEnded(3, 'Succeeded');
  expect(third.status?.manifests?.oneWays).toEqual([]);
});

test('a namespace that is not there: what was done before is said, and undone', async () => {
  await allowAll('deployer');
  await begin({ serviceAccountName: 'deployer' });
  const stray = JSON.parse(configMap('stray', {})) as { metadata: object };
  const missing = { ...stray, metadata: { ...stray.metadata, namespace: 'not-there-at-all' } };
  repository.commit({ ...good('2'), 'stray.yaml': JSON.stringify(missing) });

  const bad = await untilEnded(2, 'Failed');

  expect(bad.status?.failure?.message).toMatch(/not-there-at-all.*(?:not found|changed before that: ConfigMap .*\/a)/s);
  expect(await dataOf()).toBe('1');
});

/** Whatever there is, in the whole cluster. */
async function allowAll(account: string): Promise<void> {
  const { namespace, client } = stage;
  await allow(stage, account, []);
  const bindings: ResourceType = {
    ...{ group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'clusterrolebindings', kind: 'ClusterRoleBinding' },
    namespaced: false,
  };
  const binding = {
    metadata: { name: `${namespace}-${account}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', namespace, name: account }],
  };
  await client.create<KubeObject & typeof binding>(bindings, binding);
}

describe('an admission webhook', () => {
  const webhooks: ResourceType = {
    ...{ group: 'admissionregistration.k8s.io', version: 'v1', plural: 'validatingwebhookconfigurations' },
    kind: 'ValidatingWebhookConfiguration',
    namespaced: false,
  };

  async function register(origin: string, caBundle: string): Promise<void> {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };
    const webhook = {
      name: 'guard.example.com',
      clientConfig: { url: `${origin}/validate`, caBundle: Buffer.from(caBundle).toString('base64') },
      rules: [rule],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': stage.namespace } },
      objectSelector: { matchExpressions: [{ key: 'guarded', operator: 'Exists' }] },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      timeoutSeconds: 2,
      admissionReviewVersions: ['v1'],
    };
    const configuration = { metadata: { name: stage.namespace }, webhooks: [webhook] };
    await stage.client.create<KubeObject & typeof configuration>(webhooks, configuration);
  }

  const unregister = async () => await stage.client.delete(webhooks, { namespace: '', name: stage.namespace });

  const guarded = JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'b', labels: { guarded: 'yes' } },
  });

  test('that refuses: its words are told, the change is undone, the version is not to blame', async () => {
    const authority = createAuthority('webhook');
    const { certificate, key } = authority.issue({ commonName: 'webhook', hosts: ['127.0.0.1'] });
    const server = await startHttpServer(refuse, { certificate, key });
    try {
      await begin({}, noRehearsal);
      await register(server.origin, authority.certificate);
      repository.commit({ ...good('2'), 'b.yaml': guarded });

      await stage.until(async () => {
        await stage.clock.advance(1_000);
        const [, second] = await stage.updatesOf('web');
        expect(second?.status?.failure?.message).toMatch(/ConfigMap .*\/b.*not on a Friday/);
      });
      const bad = await untilEnded(2, 'Failed');
      expect(bad.status?.failure).toMatchObject({ reason: 'RefusedByApiServer', blamesVersion: false });
      expect(await dataOf()).toBe('1');
    } finally {
      await unregister();
      await server.stop();
    }
  });

  test('that is not there holds the Update up before anything is changed', async () => {
    const { certificate } = createAuthority('webhook');
    await begin();
    await register('https://127.0.0.1:9', certificate);
    repository.commit({ ...good('2'), 'b.yaml': guarded });
    await stage.until(async () => {
      await stage.clock.advance(1_000);
      const [, second] = await stage.updatesOf('web');
      expect(second?.status).toMatchObject({ phase: 'Pending', waiting: { reason: 'Preflight' } });
      expect(second?.status?.waiting?.message).toMatch(/ConfigMap .*\/b: .*failed calling webhook/);
    });
    expect(await dataOf()).toBe('1');

    await unregister();

    await untilEnded(2, 'Succeeded');
  });

  test('that goes away: it is tried again, and done once it can be', async () => {
    const { certificate } = createAuthority('webhook');
    await begin({}, noRehearsal);
    await register('https://127.0.0.1:9', certificate);
    repository.commit({ ...good('2'), 'b.yaml': guarded });
    await stage.until(async () => {
      await stage.clock.advance(1_000);
      const [, second] = await stage.updatesOf('web');
      expect(second?.status?.phase).toBe('Applying');
    });

    await unregister();

    await untilEnded(2, 'Succeeded');
    expect(await dataOf()).toBe('2');
  });
});

/** An AdmissionReview that says no. */
const refuse: Parameters<typeof startHttpServer>[0] = async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(Buffer.from(chunk));
  }
  const review = JSON.parse(Buffer.concat(chunks).toString()) as { readonly request: { readonly uid: string } };
  const answer = { uid: review.request.uid, allowed: false, status: { code: 403, message: 'not on a Friday' } };
  const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
