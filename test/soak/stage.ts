/** Where a soak plays: a real API server and a real registry of its own, Apps, and three replicas that are started anew when they end. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pushImage } from '../../scripts/oci/push.ts';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { freePort } from '../cluster/ports.ts';
import { startRegistry } from '../cluster/registry-process.ts';
import { hireWarden, type RunningProcess, type Warden } from '../cluster/warden.ts';
import { makeWebImage } from '../images/web-image.ts';
import { installCrds } from '../install-crds.ts';
import { connectTo, createNamespace } from '../kube/server-fixtures.ts';
import { startReplica } from '../replicas/replicas.ts';
import { createDeployment } from '../runtime-stage.ts';
import { type Observer, observe, parseImage } from './observer.ts';
import { appCount, replicaCount, type VersionKind } from './plan.ts';
import { playRollouts, type Rollout } from './play-rollouts.ts';

const clockProgram = fileURLToPath(new URL('jumping-clock.ts', import.meta.url));

interface Published {
  readonly tag: string;
  readonly digest: string;
  readonly version: VersionKind;
}

export interface Replica {
  process: RunningProcess;
  starts: number;
  offsetSeconds: number;
}

export interface Soak {
  readonly controlPlane: ControlPlane;
  readonly warden: Warden;
  readonly client: KubeClient;
  readonly namespace: string;
  readonly registry: { readonly host: string; process: RunningProcess; back: Promise<void> };
  readonly replicas: Replica[];
  /** By App, in the order of pushing. */
  readonly published: ReadonlyMap<string, Published[]>;
  /** By digest; what is not in it completes. */
  readonly rollouts: Map<string, Rollout>;
  readonly observer: Observer;
  /** Ends of what goes on in the background. */
  readonly pending: Promise<void>[];
  readonly stop: AbortController;
}

export const appNames = Array.from({ length: appCount }, (_, at) => `app-${at}`);

export async function open(): Promise<Soak> {
  const warden = await hireWarden();
  // Watches are read from etcd itself: an observer that comes back after a restart of the API server has missed no write.
  const controlPlane = await startControlPlane({ watchCache: false });
  const client = await connectTo(controlPlane.kubeconfigPath);
  await installCrds(client);
  const namespace = await createNamespace(client);
  const host = `127.0.0.1:${await freePort('127.0.0.1')}`;
  const stop = new AbortController();
  const rollouts = new Map<string, Rollout>();
  const soak: Soak = {
    ...{ controlPlane, warden, client, namespace, rollouts, stop, replicas: [], pending: [] },
    registry: { host, process: await runRegistry(warden, host), back: Promise.resolve() },
    published: new Map(appNames.map((app) => [app, []])),
    observer: await observe(client, namespace, stop.signal),
  };
  const rolloutOf = (image: string) => rollouts.get(parseImage(image).digest) ?? 'completes';
  void playRollouts({ client, namespace, signal: stop.signal, rolloutOf });
  for (const app of appNames) {
    await openApp(soak, app);
  }
  for (let number = 0; number < replicaCount; number += 1) {
    soak.replicas.push(await firstStart(soak, number));
  }
  void keepReplicas(soak);
  return soak;
}

export function runRegistry(warden: Warden, address: string): Promise<RunningProcess> {
  const { directory } = warden;
  return startRegistry({ name: 'registry', directory, address, start: (command) => warden.start(command) });
}

/** Two workloads of one image, which move together. */
async function openApp(soak: Soak, app: string): Promise<void> {
  const { client, namespace, registry } = soak;
  await publish(soak, app, 'good');
  const repository = `${registry.host}/${app}`;
  const names = ['a', 'b'].map((letter) => `${app}-${letter}`);
  for (const name of names) {
    await createDeployment({ client, namespace }, name, `${repository}:1.1.0`, { app });
  }
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: app },
    spec: {
      interval: '5s',
      sources: [{ name: 'web', image: { repository, insecure: true, policy: { semver: { range: '>=0.1.0' } } } }],
      deploy: { workloads: { targets: names.map((name) => ({ kind: 'Deployment', name })) } },
      health: { timeout: '20s', stableFor: '2s' },
      historyLimit: 200,
    },
  });
}

async function firstStart(soak: Soak, number: number): Promise<Replica> {
  await writeFile(clockFile(soak, number), '0');
  return { process: runReplica(soak, number, 1), starts: 1, offsetSeconds: 0 };
}

export function clockFile({ warden }: Soak, number: number): string {
  return join(warden.directory, `clock-${number}`);
}

function runReplica(soak: Soak, number: number, start: number): RunningProcess {
  const { warden, controlPlane, namespace } = soak;
  const place = {
    kubeconfigPath: controlPlane.kubeconfigPath,
    namespace,
    preload: clockProgram,
    environment: { SOAK_CLOCK: clockFile(soak, number) },
  };
  return startReplica(warden, place, `replica-${number}-${start}`);
}

/** What ended is started anew, as Kubernetes does with a container. */
async function keepReplicas(soak: Soak): Promise<void> {
  while (!soak.stop.signal.aborted) {
    for (const [number, replica] of soak.replicas.entries()) {
      if (replica.process.ending !== undefined) {
        replica.starts += 1;
        replica.process = runReplica(soak, number, replica.starts);
      }
    }
    await delay(1_000, undefined, { signal: soak.stop.signal }).catch(() => undefined);
  }
}

/** The first version of an App is 1.1.0; each further one is newer, or below all. */
export async function publish(soak: Soak, app: string, version: VersionKind): Promise<void> {
  await soak.registry.back;
  const all = soak.published.get(app) ?? [];
  const tag = version === 'older' ? `0.${all.length + 1}.0` : `1.${all.length + 1}.0`;
  const bad = all.findLast((one) => one.version === 'crash' || one.version === 'hang');
  const content = version === 'again' ? (bad?.tag ?? tag) : tag;
  const image = makeWebImage({ version: `${app} ${content}` });
  if (version === 'crash' || version === 'hang') {
    soak.rollouts.set(image.root.digest, version === 'crash' ? 'fails' : 'hangs');
  }
  const digest = await pushImage(image, { host: soak.registry.host, repository: app, tag, insecure: true });
  all.push({ tag, digest, version });
}

export async function close(soak: Soak): Promise<void> {
  soak.stop.abort();
  await Promise.allSettled(soak.pending);
  await soak.client.close();
  await soak.warden.dismiss();
  await soak.controlPlane.stop();
}
