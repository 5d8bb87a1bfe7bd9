/**
 * What one who may write Apps in one namespace cannot do with them: reach what only Headgate reaches by a URL, or what is another
 * namespace's. The whole controller is at work, on a real API server behind a proxy that notes what it is asked.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { type ApiProxy, startApiProxy } from '../../test/servers/api-proxy.ts';
import { startHttpServer, type TestServer } from '../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { apps, type ProductObject, updates } from '../adapters/cluster/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { deployments, secrets } from '../kube/resource-types.ts';
import { AppSpecSchema, type AppSpecWire } from '../resources/app/app.ts';
import { runController } from './run-controller.ts';

let client: KubeClient;
let registry: RunningRegistry;
let proxy: ApiProxy;
let redirecting: TestServer;
let folder: string;
let tenant: string;
let neighbour: string;
let stop: AbortController;
let ended: Promise<void>;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  [registry, proxy, tenant, neighbour] = await Promise.all([
    startRegistry(),
    startApiProxy(inject('kubeconfig')),
    createNamespace(client),
    createNamespace(client),
  ]);
  redirecting = await startHttpServer((_, response, url) => {
    response.writeHead(302, { location: `${proxy.config.server}${url.pathname}${url.search}` }).end();
  });
  folder = await mkdtemp(join(tmpdir(), 'headgate-tenancy-'));
  await pushVersions(registry.host, `${tenant}/web`, ['1.0.0', '1.1.0']);
  await createDeployment({ client, namespace: tenant }, 'web', `${registry.host}/${tenant}/web:1.0.0`);
  stop = new AbortController();
  const settings = { namespaces: [tenant, neighbour], leaderElection: false, leaseName: 'headgate' } as const;
  const kubeconfig = await writeKubeconfig();
  ended = runController({ ...settings, kubeconfig, listen: '127.0.0.1:0', logLevel: 'error' }, stop.signal);
  // Told at the end.
  ended.catch(() => undefined);
});

afterAll(async () => {
  stop.abort();
  await ended;
  await Promise.all([registry.stop(), redirecting.stop(), proxy.stop(), client.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function writeKubeconfig(): Promise<string> {
  const path = join(folder, 'kubeconfig');
  const context = { name: 'test', context: { cluster: 'test', user: 'nobody' } };
  const config = { apiVersion: 'v1', kind: 'Config', contexts: [context], 'current-context': 'test' };
  const clusters = [{ name: 'test', cluster: { server: proxy.config.server } }];
  await writeFile(path, dump({ ...config, clusters, users: [{ name: 'nobody', user: {} }] }));
  return path;
}

type Sources = AppSpecWire['sources'];
type Deploy = AppSpecWire['deploy'];
type SpecFields = Partial<Omit<AppSpecWire, 'sources' | 'deploy'>> & {
  readonly sources?: Sources;
  readonly deploy?: Deploy;
};

/** `host:port` -> the fields that name it. */
type Naming = (host: string) => SpecFields;

const semver = { semver: { range: '1.x' } };
const web = () => `${registry.host}/${tenant}/web`;
const insecure = true;

/** Every field of an App that names a server, and an App that does. */
const fields: Readonly<Record<string, Naming>> = {
  'sources[].image.repository': (host) => ({
    sources: [{ name: 'web', image: { repository: `${host}/team/web`, insecure, policy: semver } }],
  }),
  'sources[].chart.repository': (host) => ({
    sources: [{ name: 'web', chart: { repository: `http://${host}/charts`, name: 'web', insecure } }],
    deploy: { helm: { chart: { source: 'web' } } },
  }),
  'sources[].chart.repository, oci': (host) => ({
    sources: [{ name: 'web', chart: { repository: `oci://${host}/charts/web`, insecure } }],
    deploy: { helm: { chart: { source: 'web' } } },
  }),
  'sources[].git.url': (host) => ({
    sources: [{ name: 'web', git: { url: `http://${host}/team/web.git`, branch: 'main', insecure } }],
    deploy: { manifests: {} },
  }),
  'sources[].git.url, ssh': (host) => ({
    sources: [
      { name: 'web', git: { url: `ssh://git@${host}/team/web.git`, branch: 'main', secretRef: { name: 'key' } } },
    ],
    deploy: { manifests: {} },
  }),
  'sources[].artifact.repository': (host) => ({
    sources: [{ name: 'web', artifact: { repository: `${host}/team/web`, insecure, policy: semver } }],
    deploy: { manifests: {} },
  }),
  'deploy.git.repository': (host) => ({
    deploy: {
      git: {
        repository: `https://${host}/team/web.git`,
        branch: 'main',
        writers: [{ source: 'web', kustomization: {} }],
        watch: { workloads: [{ kind: 'Deployment', name: 'web' }] },
      },
    },
  }),
  'gates.vetoes[].http.url': (host) => ({
    gates: { vetoes: [{ name: 'ask', http: { url: `http://${host}/veto` } }] },
  }),
  'gates.vetoes[].metric.url': (host) => ({
    gates: { vetoes: [{ name: 'ask', metric: { url: `http://${host}`, query: 'up' } }] },
  }),
  'gates.vetoes[].alerts.url': (host) => ({
    gates: { vetoes: [{ name: 'ask', alerts: { url: `http://${host}` } }] },
  }),
};

const places = {
  'a metadata server': () => ['169.254.169.254', 'is a link-local'] as const,
  'the API server by its address': () => [apiHost('127.0.0.1'), 'is the API server of the cluster'] as const,
  'the API server by a name': () => [apiHost('localhost'), 'is the API server of the cluster'] as const,
};

function apiHost(host: string): string {
  return `${host}:${new URL(proxy.config.server).port}`;
}

const rows = Object.entries(fields).flatMap(([field, naming]) =>
  Object.entries(places).map(([place, target]) => ({ field, place, naming, target })),
);

let made = 0;

async function putApp({ sources, deploy, ...rest }: SpecFields, namespace = tenant): Promise<string> {
  made += 1;
  const name = `app-${made}`;
  const spec: AppSpecWire = {
    sources: sources ?? [{ name: 'web', image: { repository: web(), insecure, policy: semver } }],
    deploy: deploy ?? {
      workloads: { targets: [{ kind: 'Deployment', name: await ownDeployment(name, namespace, imageOf(sources)) }] },
    },
    ...rest,
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec });
  return name;
}

function imageOf(sources: Sources | undefined): string {
  return `${sources?.[0]?.image?.repository ?? web()}:1.0.0`;
}

async function ownDeployment(name: string, namespace: string, image: string): Promise<string> {
  await createDeployment({ client, namespace }, name, image);
  return name;
}

/** All that an App and its Updates say. */
async function saidOf(app: string, namespace = tenant): Promise<string> {
  const { status } = await client.get<ProductObject>(apps, { namespace, name: app });
  const { items } = await client.list<ProductObject>(updates, { namespace });
  const own = items.filter(({ spec }) => (spec as { app?: string }).app === app);
  return JSON.stringify([status, own.map((one) => one.status)]);
}

function eventually(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 40_000, interval: 200 });
}

/** What Headgate asked that is no request of its own as a client of Kubernetes. */
function strayRequests(): readonly string[] {
  return proxy.requests.map(({ path }) => path).filter((path) => !/^\/(api|apis|version|openapi)(\/|\?|$)/.test(path));
}

describe.concurrent('no URL of an App leads inside', { timeout: 90_000 }, () => {
  test.each(rows)('$field names $place', async ({ naming, target }) => {
    const [host, says] = target();
    const app = await putApp(naming(host));

    await eventually(async () => expect(await saidOf(app)).toContain(says));

    expect(strayRequests()).toEqual([]);
  });

  test.each(['sources[].image.repository', 'sources[].chart.repository', 'gates.vetoes[].http.url'])(
    '%s names a server that redirects to the API server',
    async (field) => {
      const naming = fields[field];
      const app = await putApp(naming?.(redirecting.host) ?? {});

      // A veto may not name this machine at all.
      const says = field.startsWith('gates') ? 'is a loopback address' : 'is the API server of the cluster';
      await eventually(async () => expect(await saidOf(app)).toContain(says));

      expect(strayRequests()).toEqual([]);
    },
  );

  test('git follows no redirect', async () => {
    const app = await putApp(fields['sources[].git.url']?.(redirecting.host) ?? {});

    await eventually(async () => expect(await saidOf(app)).toMatch(/302|redirect/i));

    expect(strayRequests()).toEqual([]);
  });
});

beforeAll(async () => {
  const stringData = { identity: 'no key at all', known_hosts: 'example.com ssh-ed25519 AAAA' };
  await client.create(secrets, { metadata: { namespace: tenant, name: 'key' }, ...{ stringData } });
});

test('fields that name a server are all in the table above, or go by the guarded way out', () => {
  const named = serverFieldsOf(AppSpecSchema, '');
  const inTable = new Set(Object.keys(fields).map((field) => field.split(',')[0]));
  const guardedElsewhere = new Set([
    // src/app/safety/app-tests.server.test.ts and src/adapters/outbound/guarded-requests.test.ts
    'tests[].http.url',
    'tests[].webhook.url',
    'tests[].webhook.poll.url',
    'tests[].metric.url',
    'tests[].metrics.url',
    // src/app/safety/notify.server.test.ts
    'notify.to[].url',
    // Read by people, never asked.
    'notify.releaseNotes',
    // src/adapters/forge/dialects.test.ts
    'deploy.git.pullRequest.apiUrl',
  ]);

  expect(named.filter((field) => !inTable.has(field) && !guardedElsewhere.has(field))).toEqual([]);
});

/** Paths of text fields whose name or description says that they name a server. */
function serverFieldsOf(schema: TSchema, path: string): string[] {
  const { properties, items, type } = schema as {
    properties?: Record<string, TSchema>;
    items?: TSchema;
    type?: string;
  };
  const last = path.split('.').at(-1) ?? '';
  const own = type === 'string' && /^(url|apiUrl|repository|server|address|endpoint|host)$/i.test(last) ? [path] : [];
  const inside = Object.entries(properties ?? {}).flatMap(([name, one]) =>
    serverFieldsOf(one, path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...inside, ...(items ? serverFieldsOf(items, `${path}[]`) : [])];
}

describe.concurrent('a neighbour', { timeout: 90_000 }, () => {
  test('its Secret cannot be used: one of that name in the own namespace is meant', async () => {
    const stringData = { username: 'neighbour', password: 'for nobody else' };
    await client.create(secrets, { metadata: { namespace: neighbour, name: 'theirs' }, ...{ stringData } });
    const app = await putApp({
      sources: [
        {
          name: 'web',
          git: {
            url: `http://${redirecting.host}/web.git`,
            branch: 'main',
            insecure,
            secretRef: { name: 'theirs' },
          },
        },
      ],
      deploy: { manifests: {} },
    });

    await eventually(async () => expect(await saidOf(app)).toContain('there is no Secret'));

    expect(await saidOf(app)).not.toContain('for nobody else');
    expect(redirecting.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  test('its workload of the same name stays as it is', async () => {
    await createDeployment({ client, namespace: neighbour }, 'twin', `${web()}:1.0.0`);
    await createDeployment({ client, namespace: tenant }, 'twin', `${web()}:1.0.0`);
    await putApp({ deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'twin' }] } } });
    const generation = async (namespace: string) =>
      (await client.get<KubeObject>(deployments, { namespace, name: 'twin' })).metadata.generation;

    await eventually(async () => expect(await generation(tenant)).toBe(2));

    expect(await generation(neighbour)).toBe(1);
  });

  test('fields that name a namespace are these, and none reads a Secret or changes what others have there', () => {
    expect(namespaceFieldsOf(AppSpecSchema, '')).toEqual([
      // Which objects of the chart a patch is about.
      'deploy.helm.postRender.patches[].target.namespace',
      // Where objects without a namespace go: another one than the own only as a ServiceAccount of the own.
      'deploy.manifests.namespace',
      // Which differences are none.
      'deploy.manifests.ignore[].namespace',
      // Whose Updates have to have succeeded; nothing but that is read.
      'gates.after[].namespace',
      // Where Velero is: Backups and Restores of the own namespace alone, and only where the chart gave the right (veleroNamespace).
      'backup.velero.namespace',
    ]);
  });
});

function namespaceFieldsOf(schema: TSchema, path: string): string[] {
  const { properties, items } = schema as { properties?: Record<string, TSchema>; items?: TSchema };
  const inside = Object.entries(properties ?? {}).flatMap(([name, one]) =>
    namespaceFieldsOf(one, path === '' ? name : `${path}.${name}`),
  );
  const own = /(^|\.)namespaces?$/i.test(path) ? [path] : [];
  return [...own, ...inside, ...(items ? namespaceFieldsOf(items, `${path}[]`) : [])];
}
