/** Several processes of `headgate controller` that share one namespace, for tests that kill and freeze them. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Lease } from '../../src/kube/lease-term.ts';
import { leases } from '../../src/kube/resource-types.ts';
import { claimsAnnotation, replicasLabel } from '../../src/resources/metadata.ts';
import type { RunningProcess, Warden } from '../cluster/warden.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface ReplicaPlace {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly more?: readonly string[];
  /** Loaded before the program. */
  readonly preload?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Its name is that of its log, and begins the identity that it has in Leases by its process id. */
export function startReplica(
  warden: Warden,
  { kubeconfigPath, namespace, more = [], preload, environment = {} }: ReplicaPlace,
  name: string,
): RunningProcess {
  const options = {
    kubeconfig: kubeconfigPath,
    namespace,
    'lease-namespace': namespace,
    listen: '127.0.0.1:0',
  };
  const words = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
  const before = preload === undefined ? [] : ['--import', preload];
  const all = [...before, program, 'controller', ...words, ...more];
  return warden.start({ name, program: process.execPath, arguments: all, environment });
}

/** Only the one that leads reads registries, and says so. */
export async function isLeading({ logPath }: RunningProcess): Promise<boolean> {
  return (await readFile(logPath, 'utf8')).includes('"msg":"watching"');
}

export interface Claims {
  readonly holder: string;
  readonly shards: readonly number[];
}

/** What each Lease claims that was renewed lately: here all have one clock. */
export async function claimsIn(client: KubeClient, namespace: string): Promise<readonly Claims[]> {
  const { items } = await client.list<Lease>(leases, { namespace, labelSelector: `${replicasLabel}=headgate` });
  const isAlive = ({ spec }: Lease) =>
    Date.now() - Date.parse(spec?.renewTime ?? '') < (spec?.leaseDurationSeconds ?? 0) * 1_000;
  return items.filter(isAlive).map(({ metadata, spec }) => {
    const said = JSON.parse(metadata.annotations?.[claimsAnnotation] ?? '{"shards":[]}') as { shards: number[] };
    return { holder: spec?.holderIdentity ?? '', shards: said.shards };
  });
}

export async function leaderIn(client: KubeClient, namespace: string): Promise<Lease | undefined> {
  return await client.find<Lease>(leases, { namespace, name: 'headgate' });
}
