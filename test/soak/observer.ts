/** Watches what Headgate writes while it is soaked, and judges it all the time. */
import { apps, type ProductObject, rejections, updates } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import { decodeApp } from '../../src/resources/decode-app.ts';
import { decodeUpdate } from '../../src/resources/decode-update.ts';
import type { RejectionSpecWire } from '../../src/resources/rejection.ts';
import { type Sight, violationsIn } from './history.ts';
import type { DeploymentObject } from './play-rollouts.ts';

export interface Observer {
  readonly sights: readonly Sight[];
  /** Those that were there at the last call, too: one watch may be behind the others for a while. */
  confirmed(): readonly string[];
}

export function observe(client: KubeClient, namespace: string, signal: AbortSignal): Observer {
  const sights: Sight[] = [];
  const follow = <T extends KubeObject>(type: ResourceType, look: (object: T, at: bigint) => Sight) =>
    startInformer<T>({
      client,
      type,
      namespace,
      signal,
      onError: () => undefined,
      onChange: (object, _, kind) => {
        if (kind !== 'deleted') {
          sights.push(look(object, BigInt(object.metadata.resourceVersion ?? '0')));
        }
      },
    });
  follow<DeploymentObject>(deployments, seeImage);
  follow<ProductObject>(updates, seeUpdate);
  follow<ProductObject & { readonly spec: RejectionSpecWire }>(rejections, ({ spec }, at) => ({
    kind: 'rejection',
    at,
    app: spec.app ?? '',
    digest: spec.digest,
  }));
  follow<ProductObject>(apps, seeApp);
  let last = new Set<string>();
  return {
    sights,
    confirmed() {
      const found = violationsIn(sights);
      const both = found.filter((text) => last.has(text));
      last = new Set(found);
      return both;
    },
  };
}

/** `host/path:tag@digest`, of which the digest is missing where a person set the image. */
export function parseImage(image: string): { readonly tag: string; readonly digest: string } {
  const [, tag = '', digest = ''] = /:([^:/@]+)(?:@(.+))?$/.exec(image) ?? [];
  return { tag, digest };
}

function seeImage({ metadata, spec }: DeploymentObject, at: bigint): Sight {
  const image = parseImage(spec.template.spec.containers[0]?.image ?? '');
  return { kind: 'image', at, app: metadata.labels?.['app'] ?? '', workload: metadata.name, ...image };
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
