/**
 * Which resources the API server has, by the aggregated discovery format (`apidiscovery.k8s.io/v2`, Kubernetes 1.30 and later).
 *
 * Two requests answer for all kinds. They are made when a kind is asked for that is not known, e.g. because its CRD was
 * made meanwhile, and not more often than every `minIntervalMs`.
 */
import { OperationError } from '../core/errors.ts';
import type { KubeClient } from './client.ts';
import { type Clock, systemClock } from './clock.ts';
import { apiVersionOf, type ResourceType } from './objects.ts';

export interface Discovery {
  /** The resource for an apiVersion and kind. Throws API_NOT_FOUND (retry backoff) when the server has none. */
  resourceType(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ResourceType>;
  /** The same, undefined when the server has none. */
  findResourceType(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ResourceType | undefined>;
  /** What is asked for next and not known is looked up at once, however short ago the last look was. */
  expire(): void;
}

export interface DiscoveryOptions {
  readonly client: KubeClient;
  /** Default 10 s. */
  readonly minIntervalMs?: number;
  readonly clock?: Clock;
}

interface RawResource {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope?: string;
}

interface RawVersion {
  readonly version: string;
  readonly resources?: readonly RawResource[];
}

interface RawDiscovery {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly RawVersion[];
  }[];
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export function createDiscovery(options: DiscoveryOptions): Discovery {
  const clock = options.clock ?? systemClock;
  const minIntervalMs = options.minIntervalMs ?? 10_000;
  let known: ReadonlyMap<string, ResourceType> = new Map();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    // Not the caller's signal: others may wait for the same answer. The client's own timeout bounds it.
    const [core, groups] = await Promise.all([
      fetchGroups(options.client, '/api'),
      fetchGroups(options.client, '/apis'),
    ]);
    known = new Map([...typesOf(core), ...typesOf(groups)]);
    readAtMs = clock.monotonicMs();
  }

  async function findResourceType(
    apiVersion: string,
    kind: string,
    signal?: AbortSignal,
  ): Promise<ResourceType | undefined> {
    signal?.throwIfAborted();
    const key = keyFor(apiVersion, kind);
    if (!known.has(key) && clock.monotonicMs() - readAtMs >= minIntervalMs) {
      reading ??= read().finally(() => {
        reading = undefined;
      });
      await reading;
    }
    return known.get(key);
  }

  return {
    findResourceType,
    expire() {
      readAtMs = Number.NEGATIVE_INFINITY;
    },
    async resourceType(apiVersion, kind, signal) {
      const type = await findResourceType(apiVersion, kind, signal);
      if (type === undefined) {
        throw new OperationError(`look up ${kind} of ${apiVersion}: the API server has no such kind`, {
          code: 'API_NOT_FOUND',
          retry: 'backoff',
          context: { apiVersion, kind },
        });
      }
      return type;
    },
  };
}

async function fetchGroups(client: KubeClient, path: string): Promise<RawDiscovery> {
  return (await client.request({ what: `discover ${path}`, method: 'GET', path, accept })) as RawDiscovery;
}

function typesOf(discovery: RawDiscovery): readonly (readonly [string, ResourceType])[] {
  const items = discovery.items ?? [];
  return items.flatMap(({ metadata, versions = [] }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources.flatMap((resource) => typeOf(metadata?.name ?? '', version, resource)),
    ),
  );
}

function typeOf(group: string, version: string, raw: RawResource): readonly (readonly [string, ResourceType])[] {
  const kind = raw.responseKind?.kind;
  if (!kind) {
    return [];
  }
  const type = { group, version, plural: raw.resource, kind, namespaced: raw.scope === 'Namespaced' };
  return [[keyFor(apiVersionOf(type), kind), type]];
}

function keyFor(apiVersion: string, kind: string): string {
  return `${apiVersion} ${kind}`;
}
