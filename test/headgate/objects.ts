/** The objects that stories begin with: workloads of web images and the App on them. */
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments, statefulSets } from '../../src/kube/resource-types.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';
import { webDeployment } from '../images/web-objects.ts';
import { type Sight, untilObject } from './sight.ts';
import type { Stage } from './stage.ts';

export interface DeploymentObject extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

/** Makes the Deployment `web` and waits until its pods are available. */
export async function runWeb(
  stage: Sight,
  { name = 'web', image, replicas = 1 }: { readonly name?: string; readonly image: string; readonly replicas?: number },
): Promise<DeploymentObject> {
  const { client, namespace } = stage;
  await client.create<DeploymentObject>(deployments, webDeployment({ name, namespace, image, replicas }));
  return await untilObject<DeploymentObject>(stage, deployments, {
    what: `Deployment ${name} is available`,
    name,
    matches: ({ status }) => status?.availableReplicas === replicas && status.updatedReplicas === replicas,
  });
}

/** Makes the StatefulSet `store` of two pods, replaced one after the other in order, and waits until they are ready. */
export async function runStore(stage: Stage, image: string): Promise<void> {
  const { client, namespace } = stage;
  const { metadata, spec } = webDeployment({ name: 'store', namespace, image, replicas: 2 });
  const { replicas, selector, template } = spec as Readonly<Record<string, unknown>>;
  await client.create(statefulSets, { metadata, ...{ spec: { serviceName: 'store', replicas, selector, template } } });
  await untilObject<KubeObject & { readonly status?: { readonly readyReplicas?: number } }>(stage, statefulSets, {
    what: 'StatefulSet store is ready',
    matches: ({ status }) => status?.readyReplicas === 2,
  });
}

type Policy = NonNullable<AppSpecWire['sources'][number]['image']>['policy'];

/** A source of an insecure registry; versions 1.x unless told otherwise. */
export function sourceOf(
  repository: string,
  { name = 'web', policy = { semver: { range: '^1.0.0' } } }: { readonly name?: string; readonly policy?: Policy } = {},
): AppSpecWire['sources'][number] {
  return { name, image: { repository, insecure: true, policy } };
}

/** An App on the Deployment of the same name, checked every 5 s. */
export function appSpec(stage: Stage, fields: Partial<AppSpecWire> = {}): AppSpecWire {
  return {
    interval: '5s',
    sources: [sourceOf(stage.repository())],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
    health: { timeout: '60s', stableFor: '1s' },
    ...fields,
  };
}

/** Makes the App `web`, or of another name. */
export async function putApp(stage: Stage, spec: AppSpecWire = appSpec(stage), name = 'web'): Promise<void> {
  await stage.client.create<ProductObject>(apps, { metadata: { name, namespace: stage.namespace }, spec });
}
