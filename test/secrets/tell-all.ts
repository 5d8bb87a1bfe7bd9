/** What a person without a right to read Secrets may read of Headgate. */
import {
  apps,
  channels,
  type ProductObject,
  rejections,
  releases,
  subscriptions,
  updates,
} from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { configMaps, deployments, events, leases } from '../../src/kube/resource-types.ts';

const kinds: readonly ResourceType[] = [
  apps,
  updates,
  rejections,
  releases,
  channels,
  subscriptions,
  events,
  configMaps,
  deployments,
  leases,
];

const lists = ['apps', 'updates', 'approvals', 'figures', 'rejections', 'sources', 'registries', 'channels'];

export interface Told {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly ports: { readonly api: number; readonly status: number };
}

/** Objects of the namespace, answers of the API and metrics: place -> text. */
export async function tellAll({ client, namespace, ports }: Told): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  for (const type of kinds) {
    for (const object of (await client.list<KubeObject>(type, { namespace })).items) {
      told.set(`${type.kind} ${object.metadata.name}`, JSON.stringify(object));
    }
  }
  for (const path of [...lists, ...(await pathsOf({ client, namespace }))]) {
    told.set(`API ${path}`, await (await fetch(`http://127.0.0.1:${ports.api}/api/v1/${path}`)).text());
  }
  told.set('metrics', await (await fetch(`http://127.0.0.1:${ports.status}/metrics`)).text());
  return told;
}

async function pathsOf({ client, namespace }: Pick<Told, 'client' | 'namespace'>): Promise<readonly string[]> {
  const namesOf = async (type: ResourceType) =>
    (await client.list<ProductObject>(type, { namespace })).items.map(({ metadata }) => metadata.name);
  const ofApps = (await namesOf(apps)).flatMap((name) =>
    ['', '/candidates', '/resources'].map((part) => `apps/${namespace}/${name}${part}`),
  );
  const ofUpdates = (await namesOf(updates)).flatMap((name) =>
    ['', '/objects', '/pods'].map((part) => `updates/${namespace}/${name}${part}`),
  );
  return [...ofApps, ...ofUpdates];
}
