/** Every object that the chart makes, over a matrix of values, taken by a real API server; pods under Pod Security "restricted". */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { KubeClient } from '../src/kube/client.ts';
import { createDiscovery, type Discovery } from '../src/kube/discovery.ts';
import { type Manifest, parseManifests } from '../src/kube/manifest-text.ts';
import type { KubeObject, NewObject } from '../src/kube/objects.ts';
import { namespaces, pods, serviceAccounts } from '../src/kube/resource-types.ts';
import { type ChartRow, chartMatrix } from './chart/chart-matrix.ts';
import { locateTools } from './cluster/binaries.ts';
import { outputOf } from './cluster/run-command.ts';
import { installPublished } from './crds/published-definitions.ts';
import { connectTo } from './kube/server-fixtures.ts';

const chart = fileURLToPath(new URL('../chart', import.meta.url));
const home = `chart-${process.pid}`;
const own = [`${home}-a`, `${home}-b`] as const;
const matrix = chartMatrix([...own]);
const image = { repository: 'registry.example.com/headgate' };

let helm: string;
let client: KubeClient;
let discovery: Discovery;
let folder: string;
let defaults: readonly string[];

beforeAll(async () => {
  ({ helm } = await locateTools(['helm']));
  folder = await mkdtemp(join(tmpdir(), 'headgate-matrix-'));
  client = await connectTo(inject('kubeconfig'));
  discovery = createDiscovery({ client, minIntervalMs: 0 });
  await installPublished(client, 'gateway-api-1.4.0-http-route');
  await installPublished(client, 'prometheus-operator-0.85.0');
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  for (const name of [home, ...own]) {
    await client.create(namespaces, { metadata: { name, labels } });
  }
  // A pod of a ServiceAccount that is only there by dry run would not be taken.
  for (const name of ['headgate', 'headgate-crds']) {
    await client.create(serviceAccounts, { metadata: { namespace: home, name } });
  }
  defaults = kindsOf(await render({}));
});

afterAll(async () => {
  await client.close();
  await rm(folder, { recursive: true });
});

test.each(matrix)('helm lint takes $name', async ({ values }) => {
  const answer = await outputOf(helm, ['lint', '--strict', chart, '--values', await valuesFile(values)]);

  expect(answer).toContain('0 chart(s) failed');
});

test.each(matrix)(
  'an API server takes every object of: $name',
  { timeout: 60_000 },
  async ({ values, adds, lacks }) => {
    const objects = await render(values);

    for (const object of objects) {
      await tryOut(object);
    }
    const kinds = kindsOf(objects);
    expect(kinds.filter((kind) => !defaults.includes(kind))).toEqual(expect.arrayContaining([...(adds ?? [])]));
    expect(kinds).toEqual(expect.arrayContaining(defaults.filter((kind) => lacks?.includes(kind) !== true)));
    expect(kinds.filter((kind) => lacks?.includes(kind))).toEqual([]);
  },
);

test.each(matrix)('Pod Security "restricted" takes every pod of: $name', async ({ values }) => {
  const templates = (await render(values)).flatMap(podsOf);

  expect(templates.length).toBeGreaterThan(1);
  for (const pod of templates) {
    await client.create(pods, pod, { dryRun: true, fieldValidation: 'Strict' });
  }
});

test('Pod Security refuses what the chart would be without its security context', async () => {
  const [pod] = (await render({})).flatMap(podsOf);
  const spec = { ...pod?.spec, securityContext: { runAsUser: 0 } };

  const attempt = client.create(pods, { metadata: { name: 'root', namespace: home }, ...{ spec } }, { dryRun: true });

  await expect(attempt).rejects.toThrow(/violates PodSecurity "restricted/);
});

test('without objects of the cluster, not one belongs to the cluster', async () => {
  const rows = matrix.filter(({ values }) => values['clusterObjects'] === false);
  const objects = (await Promise.all(rows.map(({ values }) => render(values)))).flat();

  const types = await Promise.all(objects.map(({ apiVersion, kind }) => discovery.resourceType(apiVersion, kind)));

  expect(types.length).toBeGreaterThan(10);
  expect(types.filter(({ namespaced }) => !namespaced)).toEqual([]);
});

test('every alert links to its page where the pages are served', async () => {
  const monitoring = { alerts: true, runbookUrl: 'https://docs.example.com/headgate/' };
  const objects = await render({ monitoring });
  const specs = objects.filter(({ kind }) => kind === 'PrometheusRule').map(({ object }) => object['spec']);

  const rules = (specs as RuleGroups[]).flatMap(({ groups }) => groups.flatMap((group) => group.rules));
  const links = rules.map(({ annotations }) => annotations['runbook_url']);
  const pages = (await readdir(join(chart, '../docs/operate/alerts'))).map((file) => file.replace('.md', ''));

  expect(pages.length).toBeGreaterThan(5);
  expect(links.toSorted()).toEqual(pages.toSorted().map((page) => `${monitoring.runbookUrl}operate/alerts/${page}/`));
});

test('of Velero it reads and asks in the namespace of Velero alone, and deletes no Backup', async () => {
  const objects = await render({ backups: true, veleroNamespace: own[0] });
  const rulesOf = ({ object }: (typeof objects)[number]) => (object['rules'] ?? []) as readonly Rule[];
  const withVelero = objects.filter((one) => rulesOf(one).some(({ apiGroups }) => apiGroups.includes('velero.io')));

  expect(withVelero.map(({ kind, object }) => [kind, object['metadata']])).toEqual([
    ['Role', expect.objectContaining({ namespace: own[0] })],
  ]);
  expect(withVelero.flatMap(rulesOf).map(({ resources, verbs }) => [resources, verbs])).toEqual([
    [['backupstoragelocations', 'datauploads'], ['list']],
    [
      ['backups', 'restores'],
      ['get', 'create'],
    ],
    [['deletebackuprequests'], ['get', 'create', 'delete']],
  ]);
});

test('git alone writes to nothing but its own objects, Events and its outbox', async () => {
  const objects = await render({ gitOnly: true });
  const role = objects.find(({ kind, name }) => kind === 'ClusterRole' && !name.endsWith('-crds'));
  const rules = (role?.object['rules'] ?? []) as readonly Rule[];

  const written = rules
    .filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)))
    .flatMap(({ apiGroups, resources }) => apiGroups.flatMap((group) => resources.map((one) => `${group}/${one}`)));

  expect(new Set(written)).toEqual(
    new Set([
      'headgate.dev/apps/status',
      'headgate.dev/updates/status',
      'headgate.dev/channels/status',
      'headgate.dev/releases',
      'headgate.dev/releases/status',
      'headgate.dev/subscriptions/status',
      'headgate.dev/updates',
      'headgate.dev/rejections',
      '/configmaps',
      'events.k8s.io/events',
    ]),
  );
});

test.each<{ values: Readonly<Record<string, unknown>>; says: string }>([
  { values: { clusterObjects: false }, says: 'clusterObjects: false needs watchNamespaces' },
  { values: { gitOnly: true, helmReleases: true }, says: 'gitOnly: helmReleases would change the cluster' },
  { values: { gitOnly: true, manifests: true }, says: 'gitOnly: manifests would change the cluster' },
  { values: { gitOnly: true, backups: true }, says: 'gitOnly: backups would change the cluster' },
  { values: { drills: true }, says: 'drills needs backups' },
  { values: { drills: true, backups: true, watchNamespaces: ['a'] }, says: 'drills makes namespaces' },
  { values: { veleroNamespace: 'velero' }, says: 'veleroNamespace: Velero is only asked for spec.backup' },
  { values: { backups: true, veleroNamespace: 'Velero' }, says: "at '/veleroNamespace'" },
  { values: { gitOnly: true, fleetLock: { enabled: true } }, says: 'gitOnly: fleetLock.enabled would hold nodes' },
  { values: { monitoring: { serviceMonitor: true, podMonitor: true } }, says: 'would scrape every pod twice' },
  { values: { api: { enabled: true, gateway: { enabled: true } } }, says: 'api.gateway.parentRefs: name the Gateway' },
  { values: { impersonate: ['Deployer'] }, says: "at '/impersonate/0'" },
  { values: { minReadySeconds: -1 }, says: "at '/minReadySeconds'" },
  { values: { monitoring: { interval: '0s' } }, says: "at '/monitoring/interval'" },
  { values: { podDisruptionBudget: { maxUnavailable: 'half' } }, says: "at '/podDisruptionBudget/maxUnavailable'" },
])('helm refuses values and says: $says', async ({ values, says }) => {
  await expect(render(values)).rejects.toThrow(says);
});

interface RuleGroups {
  readonly groups: readonly { readonly rules: readonly { readonly annotations: Readonly<Record<string, string>> }[] }[];
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

async function valuesFile(values: ChartRow['values']): Promise<string> {
  const path = join(folder, `${JSON.stringify(values).length}-${Math.random()}.json`);
  await writeFile(path, JSON.stringify({ image, ...values }));
  return path;
}

async function render(values: ChartRow['values']): Promise<readonly Manifest[]> {
  const words = ['template', 'headgate', chart, '--namespace', home, '--values', await valuesFile(values)];
  return parseManifests(await outputOf(helm, words), 'chart') ?? [];
}

function kindsOf(objects: readonly Manifest[]): readonly string[] {
  return [...new Set(objects.map(({ kind }) => kind))].toSorted();
}

/** As `kubectl apply --server-side --dry-run=server --validate=strict` would. */
async function tryOut(manifest: Manifest): Promise<void> {
  const { apiVersion, kind, namespace, name, object: body } = manifest;
  const type = await discovery.resourceType(apiVersion, kind);
  const options = { dryRun: true, fieldManager: 'matrix', fieldValidation: 'Strict' } as const;
  await client.patch(type, { namespace, name }, { kind: 'apply', body }, options);
}

/** The pods that an object would lead to. */
function podsOf({ kind, name, object }: Manifest): readonly PodAttempt[] {
  if (!['Pod', 'Job', 'Deployment'].includes(kind)) {
    return [];
  }
  const spec = object['spec'] as { readonly template: { readonly spec: object } };
  const own = kind === 'Pod' ? spec : spec.template.spec;
  const metadata = { name: `${name}-try`, namespace: home };
  return [{ metadata, spec: { ...own, serviceAccountName: 'default', priorityClassName: undefined } }];
}

type PodAttempt = NewObject<KubeObject & { readonly spec: object }>;
