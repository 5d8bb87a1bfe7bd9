/** Watches what Headgate writes while it is soaked, and judges it all the time. */
import { apps, type ProductObject, rejections, updates } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import { decodeApp } from '../../src/resources/app/decode-app.ts';
import { decodeUpdate } from '../../src/resources/update/decode-update.ts';
import type { RejectionSpecWire } from '../../src/resources/update/rejection.ts';
import { webDeployment } from '../images/web-objects.ts';
import { createNamespace } from '../kube/server-fixtures.ts';
import { followWrites } from './follow.ts';
import { type Sight, violationsIn } from './history.ts';
import type { DeploymentObject } from './play-rollouts.ts';

export interface Observer {
  readonly sights: readonly Sight[];
  /**
   * What is broken in all that was written up to this call.
   *
   * @throws while the API server is away, or a watch does not come
   */
  judge(): Promise<readonly string[]>;
}

export async function observe(client: KubeClient, namespace: string, signal: AbortSignal): Promise<Observer> {
  const sights: Sight[] = [];
  const beside = await createNamespace(client);
  const follow = <T extends KubeObject>(type: ResourceType, spec: unknown, see: (object: T, at: bigint) => Sight) => {
    const look = (object: T) => {
      if (object.metadata.namespace === namespace) {
        sights.push(see(object, BigInt(object.metadata.resourceVersion ?? '0')));
      }
    };
    const marked = { metadata: { namespace: beside, name: 'mark' }, spec } as object as T;
    return followWrites<T>({ client, type, signal, marked, look });
  };
  const followers = [
    await follow<DeploymentObject>(deployments, marks.deployment(beside), seeImage),
    await follow<ProductObject>(updates, marks.update, seeUpdate),
    await follow<RejectionObject>(rejections, marks.rejection, seeRejection),
    await follow<ProductObject>(apps, marks.app, seeApp),
  ];
  return {
    sights,
    async judge() {
      const reached = await Promise.all(followers.map((follower) => follower.reach()));
      return violationsIn(sights.filter(({ at }) => reached.every((one) => at <= one)));
    },
  };
}

type RejectionObject = ProductObject & { readonly spec: RejectionSpecWire };

const someDigest = `sha256:${'0'.repeat(64)}`;
const version = { tag: '1.0.0', digest: someDigest };

/** Valid objects that nobody acts on. */
const marks = {
  deployment: (namespace: string) => webDeployment({ name: 'mark', namespace, image: 'mark', replicas: 0 })['spec'],
  update: {
    app: 'mark',
    sequence: 1,
    trigger: { kind: 'Deploy', by: 'the soak', reason: 'a mark' },
    changes: [{ source: 'web', repository: 'mark', from: version, to: version }],
  },
  rejection: { digest: someDigest, reason: 'a mark', author: 'the soak' },
  app: {
    sources: [{ name: 'web', image: { repository: 'registry.test/mark', policy: { semver: { range: '1' } } } }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'mark' }] } },
  },
};

/** `host/path:tag@digest`, of which the digest is missing where a person set the image. */
export function parseImage(image: string): { readonly tag: string; readonly digest: string } {
  const [, tag = '', digest = ''] = /:([^:/@]+)(?:@(.+))?$/.exec(image) ?? [];
  return { tag, digest };
}

function seeImage({ metadata, spec }: DeploymentObject, at: bigint): Sight {
  const image = parseImage(spec.template.spec.containers[0]?.image ?? '');
  return { kind: 'image', at, app: metadata.labels?.['app'] ?? '', workload: metadata.name, ...image };
}

function seeRejection({ spec }: RejectionObject, at: bigint): Sight {
  return { kind: 'rejection', at, app: spec.app ?? '', digest: spec.digest };
}

function seeUpdate(object: ProductObject, at: bigint): Sight {
  const { metadata, spec, status } = decodeUpdate(object, `Update ${object.metadata.name}`);
  const phase = status?.phase ?? 'Pending';
  return {
    kind: 'update',
    at,
    app: spec.app,
    name: metadata.name,
    sequence: spec.sequence,
    phase,
    to: spec.changes[0]?.to.digest ?? '',
    hasEnd: status?.finishedAt !== undefined,
    openSteps: (status?.steps ?? []).filter(({ result }) => result === undefined).map(({ name }) => name),
  };
}

function seeApp(object: ProductObject, at: bigint): Sight {
  const { metadata, status } = decodeApp(object, `App ${object.metadata.name}`);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return { kind: 'app', at, app: metadata.name, ready, waitsFor: status?.waiting?.reason };
}
