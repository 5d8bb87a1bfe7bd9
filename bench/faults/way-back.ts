/** How long the way back takes: from the verdict on a bad version to the pod of the former one. */
import { pushImage } from '../../scripts/oci/push.ts';
import { apps, type ProductObject, updates } from '../../src/adapters/cluster/kinds.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { deployments, namespaces, pods, services } from '../../src/kube/resource-types.ts';
import { waitUntil } from '../../test/cluster/wait-until.ts';
import { makeWebImage } from '../../test/images/web-image.ts';
import { webDeployment, webService } from '../../test/images/web-objects.ts';
import { type Controller, type FaultStage, startController } from './shop-under-fault.ts';
import { type Strategy, strategies, type WayBack } from './way-back-line.ts';

const deadlineMs = 300_000;

interface PodObject extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface UpdateObject extends ProductObject {
  readonly status?: { readonly phase?: string };
}

interface DeploymentObject extends KubeObject {
  readonly spec: { readonly template: { readonly spec: PodObject['spec'] } };
}

interface Sight {
  verdictAt?: number;
  setBackAt?: number;
  podAt?: number;
  readyAt?: number;
}

/** Each strategy so often, one App after the other, so that none waits for another. */
export async function measureWayBack(stage: FaultStage, runs: number): Promise<readonly WayBack[]> {
  const { registry } = stage.cluster;
  const target = (tag: string) => ({ host: registry, repository: 'back', tag, insecure: true });
  await pushImage(makeWebImage({ version: '1.0.0' }), target('1.0.0'));
  // Healthy, but for its page.
  await pushImage(makeWebImage({ version: '1.0.9' }), target('1.1.0'));
  const found: WayBack[] = [];
  for (let run = 1; run <= runs; run += 1) {
    for (const strategy of strategies) {
      found.push(await goBackOnce(stage, `way-back-${strategy}-${run}`.toLowerCase(), strategy));
    }
  }
  return found;
}

async function goBackOnce(stage: FaultStage, namespace: string, strategy: Strategy): Promise<WayBack> {
  const { client, cluster } = stage;
  const image = `${cluster.registry}/back:1.0.0`;
  await client.create<KubeObject>(namespaces, { metadata: { name: namespace } });
  await runWeb(stage, { namespace, image, strategy });
  const seen: Sight = {};
  const stop = new AbortController();
  const watched = [watchVerdict, watchDeployment, watchPods].map((watch) => watch(stage, namespace, seen, stop.signal));
  let controller: Controller | undefined;
  try {
    controller = await startController(stage, namespace);
    await follow(stage, namespace);
    await waitUntil(
      `the former version of ${namespace} serves again`,
      deadlineMs,
      async () => seen.readyAt !== undefined,
    );
    const { verdictAt = 0, setBackAt = 0, podAt = 0, readyAt = 0 } = seen;
    return {
      strategy,
      untilSetBackMs: Math.round(setBackAt - verdictAt),
      untilPodMs: Math.round(podAt - verdictAt),
      podStartMs: Math.round(readyAt - podAt),
    };
  } finally {
    stop.abort();
    await Promise.all(watched.map((informer) => informer.stopped));
    await controller?.stop();
    await client.delete(namespaces, { namespace: '', name: namespace });
  }
}

async function runWeb(
  { client }: FaultStage,
  { namespace, image, strategy }: { readonly namespace: string; readonly image: string; readonly strategy: Strategy },
): Promise<void> {
  const { metadata, spec } = webDeployment({ name: 'web', namespace, image, replicas: 1 });
  const recreates = strategy === 'Recreate' ? { strategy: { type: strategy } } : {};
  const object = { metadata, spec: { ...(spec as object), ...recreates } };
  await client.create(services, webService({ name: 'web', namespace }));
  await client.create<KubeObject & { readonly spec: object }>(deployments, object);
  await waitUntil(`web of ${namespace} serves`, deadlineMs, async () => {
    const { items } = await client.list<PodObject>(pods, { namespace });
    return items.some(isReady);
  });
}

async function follow({ client, cluster }: FaultStage, namespace: string): Promise<void> {
  const image = { repository: `${cluster.registry}/back`, insecure: true, policy: { semver: { range: '1.x' } } };
  const http = { service: { name: 'web' }, expect: { body: [{ contains: 'web {{version}}' }] } };
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'web' },
    spec: {
      interval: '5s',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '2m', stableFor: '1s' },
      tests: [{ name: 'page', failureLimit: 0, http }],
    },
  });
}

/** The verdict is written before anything is undone. */
function watchVerdict(stage: FaultStage, namespace: string, seen: Sight, signal: AbortSignal) {
  return watch<UpdateObject>(stage, { type: updates, namespace, signal }, ({ status }) => {
    if (status?.phase === 'RollingBack') {
      seen.verdictAt ??= performance.now();
    }
  });
}

function watchDeployment(stage: FaultStage, namespace: string, seen: Sight, signal: AbortSignal) {
  return watch<DeploymentObject>(stage, { type: deployments, namespace, signal }, ({ spec }) => {
    if (seen.verdictAt !== undefined && isFormer(spec.template.spec)) {
      seen.setBackAt ??= performance.now();
    }
  });
}

function watchPods(stage: FaultStage, namespace: string, seen: Sight, signal: AbortSignal) {
  return watch<PodObject>(stage, { type: pods, namespace, signal }, (pod) => {
    if (seen.verdictAt === undefined || !isFormer(pod.spec) || pod.metadata.deletionTimestamp !== undefined) {
      return;
    }
    seen.podAt ??= performance.now();
    if (isReady(pod)) {
      seen.readyAt ??= performance.now();
    }
  });
}

interface Watched {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

function watch<T extends KubeObject>({ client }: FaultStage, watched: Watched, look: (object: T) => void) {
  return startInformer<T>({ client, ...watched, onError: () => undefined, onChange: (object) => look(object) });
}

function isFormer({ containers }: PodObject['spec']): boolean {
  return containers[0]?.image.includes(':1.0.0') === true;
}

function isReady({ status }: PodObject): boolean {
  return status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
}
