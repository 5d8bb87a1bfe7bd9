/** The plan of an Update: which container gets which image, and what going back sets. */
import type { BoundContainer } from '../../../core/app/bind-containers.ts';
import type { ContainerChange, WorkloadChange, WorkloadsPlan } from '../../../core/deploy/workloads-plan.ts';
import { OperationError } from '../../../core/errors.ts';
import { parseImageReference, sameRepository, setImage } from '../../../core/image/reference.ts';
import type { VersionChange } from '../../../core/update/version-change.ts';
import { describeWorkload, findContainer, type Pod, type Workload } from '../../../core/workload/workload.ts';
import type { Registry, RegistryAccess, RegistryAccesses } from '../../ports/registry.ts';
import type { Workloads } from '../../ports/workloads.ts';

export interface PlanContext {
  readonly workloads: Workloads;
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
}

export interface PlanRequest {
  readonly namespace: string;
  readonly containers: readonly BoundContainer[];
  readonly changes: readonly VersionChange[];
  readonly imageReference: 'Digest' | 'Tag';
  /** The plan of the Update that this one supersedes, because its versions never proved themselves. */
  readonly superseded: WorkloadsPlan | undefined;
}

/**
 * Plans the change from versions: each container that follows a changed source gets the new version.
 *
 * @returns undefined when no container follows one of them
 * @throws API_UNAVAILABLE and other errors of the API server; a registry that is down is no reason not to plan
 */
export async function planFromVersions(
  context: PlanContext,
  request: PlanRequest,
  signal: AbortSignal,
): Promise<WorkloadsPlan | undefined> {
  const plan: WorkloadChange[] = [];
  for (const [workload, bound] of groupByWorkload(request.containers)) {
    const concerned = bound.filter((one) => changeFor(request, one) !== undefined);
    if (concerned.length === 0) {
      continue;
    }
    const pods = workload.podSelector === undefined ? [] : await context.workloads.readPods(workload, signal);
    const containers: (ContainerChange & { reversible: boolean })[] = [];
    for (const one of concerned) {
      containers.push(await planContainer(context, request, { ...one, pods }, signal));
    }
    plan.push({
      kind: workload.kind,
      name: workload.name,
      uid: workload.uid,
      reversible: containers.every((container) => container.reversible),
      containers: containers.map(({ reversible: _, ...container }) => container),
    });
  }
  return plan.length === 0 ? undefined : { kind: 'Workloads', workloads: plan };
}

/**
 * Plans the change from what another Update recorded: its images before, or its images after.
 *
 * @throws TARGET_NOT_FOUND when a workload of the record is not there any more
 */
export function planFromRecord(
  workloads: readonly Workload[],
  record: { readonly update: string; readonly plan: WorkloadsPlan; readonly state: 'Before' | 'After' },
): WorkloadsPlan {
  const changes = record.plan.workloads.map((recorded) => {
    const workload = workloads.find((one) => one.kind === recorded.kind && one.name === recorded.name);
    if (!workload) {
      throw new OperationError(
        `go back to Update ${record.update}: ${recorded.kind}/${recorded.name} is not there any more`,
        {
          code: 'TARGET_NOT_FOUND',
          retry: 'never',
        },
      );
    }
    return {
      ...recorded,
      uid: workload.uid,
      containers: recorded.containers.map((container) => {
        const before = imageOf(workload, container);
        return {
          ...container,
          before,
          restore: before,
          after: record.state === 'Before' ? container.restore : container.after,
        };
      }),
    };
  });
  return { kind: 'Workloads', workloads: changes };
}

function groupByWorkload(containers: readonly BoundContainer[]): Map<Workload, BoundContainer[]> {
  const groups = new Map<Workload, BoundContainer[]>();
  for (const one of containers) {
    groups.set(one.workload, [...(groups.get(one.workload) ?? []), one]);
  }
  return groups;
}

function changeFor(request: PlanRequest, one: BoundContainer): VersionChange | undefined {
  return request.changes.find((change) => change.source === one.source.name);
}

async function planContainer(
  context: PlanContext,
  request: PlanRequest,
  one: BoundContainer & { readonly pods: readonly Pod[] },
  signal: AbortSignal,
): Promise<ContainerChange & { reversible: boolean }> {
  const { workload, container, source } = one;
  const change = changeFor(request, one);
  const base = { container: container.name, init: container.init, source: source.name, before: container.image };
  const after = imageAfter(one, change, request.imageReference);
  const earlier = request.superseded?.workloads
    .find((recorded) => recorded.uid === workload.uid)
    ?.containers.find((recorded) => recorded.container === container.name && recorded.after === container.image);
  if (earlier) {
    const { restore, restoreDigest } = earlier;
    return { ...base, after, restore, ...(restoreDigest === undefined ? {} : { restoreDigest }), reversible: true };
  }
  return { ...base, after, ...(await planRestore(context, request, one, signal)) };
}

function imageAfter(one: BoundContainer, change: VersionChange | undefined, form: 'Digest' | 'Tag'): string {
  const { container, source } = one;
  const name = isOwnImage(one) ? container.image : source.repositoryText;
  const { tag, digest } = change?.to ?? {};
  return setImage(name, {
    ...(tag === undefined ? {} : { tag }),
    ...(form === 'Tag' || digest === undefined ? {} : { digest }),
  });
}

/** Whether the container already runs an image of its source; a named container may run another. */
function isOwnImage({ container, source }: BoundContainer): boolean {
  try {
    return sameRepository(parseImageReference(container.image), source.repository);
  } catch {
    return false;
  }
}

/**
 * What brings back the bits that run now. The text of the image may not: `app:latest` means something else once the
 * tag has moved. So the digest that the pods run is compared with what the tag stands for.
 */
async function planRestore(
  context: PlanContext,
  request: PlanRequest,
  one: BoundContainer & { readonly pods: readonly Pod[] },
  signal: AbortSignal,
): Promise<{ restore: string; restoreDigest?: string; reversible: boolean }> {
  const { image } = one.container;
  const reference = parseImageReference(image);
  if (reference.digest !== undefined) {
    return { restore: image, reversible: true };
  }
  const tag = reference.tag ?? 'latest';
  const running = runningDigest(one);
  const behindTag = isOwnImage(one) ? await lookUp(context, request.namespace, { ...one, tag }, signal) : undefined;
  if (running === undefined) {
    const tagMoves = changeFor(request, one)?.to.tag === tag;
    return { restore: image, reversible: behindTag !== undefined && !tagMoves };
  }
  if (behindTag?.has(running)) {
    return { restore: image, restoreDigest: running, reversible: true };
  }
  return { restore: setImage(image, { tag, digest: running }), reversible: true };
}

/** The one digest that all its pods run; undefined when there is no pod or they differ. */
function runningDigest(one: BoundContainer & { readonly pods: readonly Pod[] }): string | undefined {
  const digests = new Set(
    one.pods
      .flatMap((pod) => pod.containers)
      .filter((container) => container.name === one.container.name && container.image === one.container.image)
      .map((container) => container.runningDigest)
      .filter((digest) => digest !== undefined),
  );
  const [digest] = digests;
  return digests.size === 1 ? digest : undefined;
}

/** Digests that a tag stands for: the index and, as some runtimes report those, its platforms. */
async function lookUp(
  context: PlanContext,
  namespace: string,
  { source, tag, workload }: BoundContainer & { readonly tag: string },
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const access: RegistryAccess = await context.accesses.accessFor(namespace, source, signal, [workload]);
    const image = await context.registry.findImage(source.repository, tag, access, signal);
    return image && new Set([image.digest, ...image.platforms.map((platform) => platform.digest)]);
  } catch (error) {
    if (error instanceof OperationError && error.code.startsWith('REGISTRY_')) {
      return undefined;
    }
    throw error;
  }
}

function imageOf(workload: Workload, change: Pick<ContainerChange, 'container' | 'init'>): string {
  const found = findContainer(workload, change);
  if (!found) {
    throw new OperationError(`${describeWorkload(workload)} has no container "${change.container}" any more`, {
      code: 'TARGET_NOT_FOUND',
      retry: 'never',
    });
  }
  return found.image;
}
