/** The CRDs as they lie in the chart: a real API server takes them, and refuses bad objects with the field in its words. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { apps, type ProductObject, rejections, updates } from '../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../src/kube/objects.ts';
import { customResourceDefinitions } from '../src/kube/resource-types.ts';
import { connectTo, createNamespace } from '../src/kube/server-fixtures.ts';
import { waitUntil } from './cluster/wait-until.ts';

const folder = fileURLToPath(new URL('../chart/crds', import.meta.url));
const files = readdirSync(folder);

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  for (const file of files) {
    const body = load(readFileSync(`${folder}/${file}`, 'utf8')) as KubeObject;
    const key = { namespace: '', name: body.metadata.name };
    await client.patch(customResourceDefinitions, key, { kind: 'apply', body }, { force: true });
  }
  await waitUntil('the API serves the kinds', 20_000, async () => {
    const answers = await Promise.allSettled([apps, updates, rejections].map((type) => client.list(type)));
    return answers.every(({ status }) => status === 'fulfilled');
  });
  return () => client.close();
});

interface CrdObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

test.each(files)('%s is established, and nothing in its schema is out of structure', async (file) => {
  const name = `${file.replace('.yaml', '')}.headgate.dev`;
  const conditionsOf = async () =>
    (await client.get<CrdObject>(customResourceDefinitions, { namespace: '', name })).status?.conditions ?? [];
  const has = async (type: string) =>
    (await conditionsOf()).some((condition) => condition.type === type && condition.status === 'True');

  await waitUntil(`${name} is established`, 20_000, () => has('Established'));

  expect(await has('NonStructuralSchema')).toBe(false);
  expect(await has('NamesAccepted')).toBe(true);
});

const source = {
  name: 'web',
  image: { repository: 'registry.example.com/web', policy: { semver: { range: '^1.0.0' } } },
};
const target = { kind: 'Deployment', name: 'web' };
const deploy = { workloads: { targets: [target] } };
const digest = `sha256:${'a'.repeat(64)}`;
const change = { source: 'web', repository: 'r/web', from: { tag: '1' }, to: { tag: '2', digest } };
const trigger = { kind: 'Source', by: 'headgate', reason: 'newer' };
const update = { app: 'web', sequence: 1, trigger, changes: [change] };

function imageWith(fields: object): object {
  return { sources: [{ ...source, image: { ...source.image, ...fields } }], deploy };
}

const refusals: readonly { name: string; type: ResourceType; spec: object; says: string }[] = [
  { name: 'no sources', type: apps, spec: { sources: [], deploy }, says: 'spec.sources' },
  { name: 'no deploy', type: apps, spec: { sources: [source] }, says: 'spec.deploy' },
  {
    name: 'a deploy of no kind',
    type: apps,
    spec: { sources: [source], deploy: {} },
    says: 'spec.deploy: Invalid value: exactly one of workloads must be set',
  },
  {
    name: 'two policies',
    type: apps,
    spec: imageWith({ policy: { semver: { range: '1.x' }, digest: { tag: 'latest' } } }),
    says: 'spec.sources[0].image.policy: Invalid value: exactly one of semver and digest must be set',
  },
  { name: 'no policy', type: apps, spec: imageWith({ policy: {} }), says: 'spec.sources[0].image.policy' },
  {
    name: 'two sources of one name',
    type: apps,
    spec: { sources: [source, source], deploy },
    says: 'spec.sources[1]: Duplicate value',
  },
  {
    name: 'a target by name and by labels',
    type: apps,
    spec: {
      sources: [source],
      deploy: { workloads: { targets: [{ ...target, selector: { matchLabels: { app: 'web' } } }] } },
    },
    says: 'spec.deploy.workloads.targets[0]: Invalid value: exactly one of name and selector must be set',
  },
  {
    name: 'a kind that is no workload',
    type: apps,
    spec: { sources: [source], deploy: { workloads: { targets: [{ kind: 'Pod', name: 'web' }] } } },
    says: 'spec.deploy.workloads.targets[0].kind: Unsupported value: "Pod"',
  },
  {
    name: 'an interval that is no duration',
    type: apps,
    spec: { sources: [source], deploy, interval: 'soon' },
    says: 'spec.interval: Invalid value: "soon"',
  },
  { name: 'no digest', type: rejections, spec: { reason: 'bad', author: 'me' }, says: 'spec.digest: Required value' },
  {
    name: 'a digest that is none',
    type: rejections,
    spec: { digest: '1.2.0', reason: 'bad', author: 'me' },
    says: 'spec.digest: Invalid value: "1.2.0"',
  },
  { name: 'no changes', type: updates, spec: { ...update, changes: [] }, says: 'spec.changes' },
];

test.each(refusals)('$type.kind with $name is refused, and the message says $says', async ({ type, spec, says }) => {
  const attempt = client.create<ProductObject>(type, { metadata: { name: 'bad', namespace }, spec });

  await expect(attempt).rejects.toThrow(says);
});

test('an App with 53 characters in its name is refused', async () => {
  const metadata = { name: 'a'.repeat(53), namespace };

  const attempt = client.create<ProductObject>(apps, { metadata, spec: { sources: [source], deploy } });

  await expect(attempt).rejects.toThrow('at most 52 characters');
});

test('defaults are filled in', async () => {
  const metadata = { name: 'defaults', namespace };

  const created = await client.create<ProductObject>(apps, { metadata, spec: { sources: [source], deploy } });

  onTestFinished(() => client.delete(apps, metadata));
  expect(created.spec).toMatchObject({
    interval: '5m',
    suspend: false,
    health: { timeout: '5m', stableFor: '30s' },
    historyLimit: 20,
    deploy: { workloads: { imageReference: 'Digest' } },
  });
});

test('the spec of an Update cannot be changed, and its status is written apart', async () => {
  const metadata = { name: 'fixed', namespace };
  const created = await client.create<ProductObject>(updates, { metadata, spec: update });
  onTestFinished(() => client.delete(updates, metadata));

  const withStatus = await client.replaceStatus<ProductObject>(updates, { ...created, status: { phase: 'Watching' } });
  const body = { spec: { sequence: 2 } };
  const attempt = client.patch(updates, metadata, { kind: 'merge', body });

  expect(created.status).toBeUndefined();
  expect(withStatus.status).toEqual({ phase: 'Watching' });
  await expect(attempt).rejects.toThrow('an Update cannot be changed; make a new one');
});
