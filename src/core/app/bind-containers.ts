/**
 * Which containers of which workloads an App looks after. Pure; answers problems as values, because a selector
 * that matches nothing is a situation of the world.
 */
import { parseImageReference, sameRepository } from '../image/reference.ts';
import { type Container, describeWorkload, type Workload, workloadKey } from '../workload/workload.ts';
import type { ImageSource } from './app.ts';
import type { WorkloadTarget } from './workload-target.ts';

/** A container of a workload that follows one source of the App. */
export interface BoundContainer {
  readonly workload: Workload;
  readonly container: Container;
  readonly source: ImageSource;
}

export interface Binding {
  readonly containers: readonly BoundContainer[];
  /** One sentence each, naming field, value and remedy. Non-empty: the App must not be touched. */
  readonly problems: readonly string[];
}

/** What an App says of the containers that it wants to follow its sources. */
export interface Targets {
  readonly sources: readonly ImageSource[];
  readonly targets: readonly WorkloadTarget[];
}

/** @param workloads all workloads of the App's namespace */
export function bindContainers(spec: Targets, workloads: readonly Workload[]): Binding {
  const bound = new Map<string, BoundContainer>();
  const problems: string[] = [];
  for (const [index, target] of spec.targets.entries()) {
    const field = `spec.deploy.workloads.targets[${index}]`;
    const chosen = workloads.filter((workload) => !workload.deleting && matches(target, workload));
    if (chosen.length === 0) {
      problems.push(`${field}: ${describeTarget(target)} matches no workload; create it or correct the target`);
    }
    for (const workload of chosen) {
      const found =
        target.containers.length > 0 ? namedContainers(target, workload, spec, field) : ownContainers(workload, spec);
      problems.push(...found.problems);
      for (const one of found.containers) {
        problems.push(...claimTwice(bound.get(keyOf(one)), one, field));
        bound.set(keyOf(one), one);
      }
    }
  }
  const containers = [...bound.values()];
  return { containers, problems: [...problems, ...unusedSources(spec, containers, problems)] };
}

function keyOf({ workload, container }: BoundContainer): string {
  return `${workloadKey(workload)}/${container.name}`;
}

function claimTwice(earlier: BoundContainer | undefined, one: BoundContainer, field: string): string[] {
  if (!earlier || earlier.source.name === one.source.name) {
    return [];
  }
  const container = `container "${one.container.name}" of ${describeWorkload(one.workload)}`;
  return [`${field}: ${container} follows source "${earlier.source.name}" already; let one target name it`];
}

function matches(target: WorkloadTarget, workload: Workload): boolean {
  if (target.kind !== undefined && target.kind !== workload.kind) {
    return false;
  }
  const { choose } = target;
  return choose.by === 'name'
    ? workload.name === choose.name
    : Object.entries(choose.labels).every(([label, value]) => workload.labels[label] === value);
}

function namedContainers(target: WorkloadTarget, workload: Workload, spec: Targets, field: string): Binding {
  const containers: BoundContainer[] = [];
  const problems: string[] = [];
  for (const [index, wanted] of target.containers.entries()) {
    const container = workload.containers.find((one) => one.name === wanted.name);
    const source = spec.sources.find((one) => one.name === wanted.source);
    if (container && source) {
      containers.push({ workload, container, source });
    } else if (!container) {
      const known = workload.containers.map((one) => one.name).join(', ');
      problems.push(
        `${field}.containers[${index}].name: ${describeWorkload(workload)} has no container "${wanted.name}"; it has ${known}`,
      );
    }
  }
  return { containers, problems };
}

function ownContainers(workload: Workload, spec: Targets): Binding {
  const containers: BoundContainer[] = [];
  for (const container of workload.containers) {
    const source = sourceOfImage(container.image, spec.sources);
    if (source) {
      containers.push({ workload, container, source });
    }
  }
  return { containers, problems: [] };
}

function sourceOfImage(image: string, sources: readonly ImageSource[]): ImageSource | undefined {
  try {
    const reference = parseImageReference(image);
    return sources.find((source) => sameRepository(source.repository, reference));
  } catch {
    // An image that the API server took and that is no reference runs nowhere; it is simply not ours.
    return undefined;
  }
}

function unusedSources(spec: Targets, containers: readonly BoundContainer[], known: readonly string[]): string[] {
  if (known.length > 0) {
    return [];
  }
  return spec.sources
    .map((source, index) => ({ source, index }))
    .filter(({ source }) => !containers.some((one) => one.source.name === source.name))
    .map(
      ({ source, index }) =>
        `spec.sources[${index}]: no chosen container runs an image of ${source.repositoryText}; name the containers in spec.deploy.workloads.targets[].containers`,
    );
}

function describeTarget(target: WorkloadTarget): string {
  const kind = target.kind ?? 'workload';
  const { choose } = target;
  if (choose.by === 'name') {
    return `${kind} "${choose.name}"`;
  }
  const labels = Object.entries(choose.labels).map(([label, value]) => `${label}=${value}`);
  return `${kind} with labels ${labels.join(',')}`;
}
