/** Where tests apply objects: one namespace of a real API server, through a proxy that sees each request. */
import { vi } from 'vitest';
import { createObjectAccess } from '../../src/adapters/cluster/objects.ts';
import type { Fields } from '../../src/core/health/objects/fields.ts';
import { makeDesiredSet } from '../../src/core/manifest/desired-set.ts';
import { toInventory } from '../../src/core/manifest/inventory.ts';
import { type ApplyRequest, applyObjects } from '../../src/engine/deploy/manifests/apply-objects.ts';
import type { ObjectResult } from '../../src/engine/deploy/manifests/object-result.ts';
import { type PruneResult, pruneObjects } from '../../src/engine/deploy/manifests/prune-objects.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createDiscovery } from '../../src/kube/discovery.ts';
import { parseManifests } from '../../src/kube/manifest-text.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { serviceAccounts } from '../../src/kube/resource-types.ts';
import { connectTo, createNamespace } from '../kube/server-fixtures.ts';
import { type ApiRequest, startApiProxy } from '../servers/api-proxy.ts';

export const roles = rbac('Role', 'roles');

export interface ManifestStage {
  readonly namespace: string;
  /** Not counted; the test's own. */
  readonly client: KubeClient;
  /** Requests of the engine, without discovery. */
  asked(): readonly ApiRequest[];
  /** Applies objects as they stand in a file; `known` is what was applied before. */
  apply(
    objects: readonly object[],
    known?: readonly ObjectResult[],
    options?: Partial<ApplyRequest>,
    account?: string,
  ): Promise<readonly ObjectResult[]>;
  prune(results: readonly ObjectResult[], account?: string): Promise<readonly PruneResult[]>;
  read(type: ResourceType, name: string): Promise<Fields>;
  /** Writes an object as another tool does, under that field manager. */
  editAs(manager: string, type: ResourceType, object: object): Promise<void>;
  /** Makes a ServiceAccount with exactly these rights in the namespace. */
  allow(account: string, rules: readonly object[]): Promise<void>;
  until<T>(attempt: () => Promise<T>, holds: (value: T) => boolean): Promise<T>;
  stop(): Promise<void>;
}

/** An object without a namespace of its own. */
export function namespaced(apiVersion: string, kind: string, metadata: object, rest: object): object {
  return { apiVersion, kind, metadata, ...rest };
}

export async function manifestStage(kubeconfigPath: string): Promise<ManifestStage> {
  const client = await connectTo(kubeconfigPath);
  const namespace = await createNamespace(client);
  const proxy = await startApiProxy(kubeconfigPath);
  const counted = createKubeClient(proxy.config);
  const access = createObjectAccess({
    client: counted,
    discovery: createDiscovery({ client: counted }),
    clock: systemClock,
  });
  const signal = new AbortController().signal;
  const acting = (account?: string) =>
    access.actingAs(account === undefined ? undefined : { namespace, name: account });
  return {
    namespace,
    client,
    asked: () => proxy.requests.filter(({ path }) => !/^\/apis?(\?|$)/.test(path)),
    async apply(objects, known = [], options = {}, account) {
      const cluster = acting(account);
      const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
      const read = parseManifests(text, 'test.yaml') ?? [];
      const scopeOf = await cluster.scopesOf(read, signal);
      const set = makeDesiredSet({ read, scopeOf, defaultNamespace: namespace });
      if (set.problems.length > 0) {
        throw new Error(set.problems.join('; '));
      }
      const request = { objects: set.objects, inventory: inventoryOf(known), conflicts: 'Fail' as const, ...options };
      return await applyObjects(cluster, request, signal);
    },
    prune: (results, account) => pruneObjects(acting(account), [...inventoryOf(results).values()], signal),
    read: async (type, name) => ({ ...(await client.get<KubeObject>(type, { namespace, name })) }),
    async editAs(fieldManager, type, object) {
      const { metadata, ...rest } = object as KubeObject;
      const key = { namespace, name: metadata.name };
      const body = { ...rest, metadata: { ...metadata, namespace } };
      if ((await client.find(type, key)) === undefined) {
        await client.create(type, body, { fieldManager });
      } else {
        await client.patch(type, key, { kind: 'merge', body }, { fieldManager });
      }
    },
    allow: async (account, rules) => await allow({ client, namespace }, account, rules),
    until: async (attempt, holds) =>
      await vi.waitFor(
        async () => {
          const value = await attempt();
          if (!holds(value)) {
            throw new Error('not yet');
          }
          return value;
        },
        { timeout: 15_000, interval: 100 },
      ),
    async stop() {
      await counted.close();
      await Promise.all([proxy.stop(), client.close()]);
    },
  };
}

function inventoryOf(results: readonly ObjectResult[]) {
  return toInventory(results.flatMap((result) => ('entry' in result ? [result.entry] : [])));
}

/** Makes a ServiceAccount with exactly these rights in the namespace. */
export async function allow(
  { client, namespace }: Pick<ManifestStage, 'client' | 'namespace'>,
  account: string,
  rules: readonly object[],
): Promise<void> {
  const metadata = { namespace, name: account };
  await client.create(serviceAccounts, { metadata });
  await client.create(roles, { metadata, rules } as never);
  await client.create(rbac('RoleBinding', 'rolebindings'), {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
    subjects: [{ kind: 'ServiceAccount', namespace, name: account }],
  } as never);
}

function rbac(kind: string, plural: string): ResourceType {
  return { group: 'rbac.authorization.k8s.io', version: 'v1', plural, kind, namespaced: true };
}
