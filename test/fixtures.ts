/** Builders of domain objects for tests: a whole object from the few fields that a test is about. */
import type { ImageSource } from '../src/core/app/app.ts';
import type { Targets } from '../src/core/app/bind-containers.ts';
import type { Rejection } from '../src/core/app/rejection.ts';
import type { WorkloadTarget } from '../src/core/app/workload-target.ts';
import type { ContainerChange, WorkloadChange } from '../src/core/deploy/workloads-plan.ts';
import type { Journal } from '../src/core/update/journal.ts';
import type { Observation } from '../src/core/update/next-step.ts';
import type { VersionChange } from '../src/core/update/version-change.ts';
import type { Container, Pod, PodContainer, Rollout, Workload } from '../src/core/workload/workload.ts';

/** When everything in a test begins. */
export const startOfTest = new Date('2026-05-04T12:00:00Z');

/** A digest that is told apart by one hex digit. */
export function digest(character: string): string {
  return `sha256:${character.repeat(64)}`;
}

/** So many milliseconds after the start of the test. */
export function later(milliseconds: number): Date {
  return new Date(startOfTest.getTime() + milliseconds);
}

/** A rollout of two replicas that is complete. */
export function rollout(fields: Partial<Rollout> = {}): Rollout {
  return {
    observedGeneration: 1,
    wanted: 2,
    total: 2,
    updated: 2,
    ready: 2,
    available: 2,
    conditions: [],
    replacesPods: true,
    partition: 0,
    paused: false,
    hasProgressDeadline: false,
    ...fields,
  };
}

/** Container `app` with image `web:1.0.0`. */
export function container(fields: Partial<Container> = {}): Container {
  return { name: 'app', image: 'web:1.0.0', init: false, ...fields };
}

/** Deployment `demo/web` of generation 1 with one container, its rollout complete. */
export function workload(fields: Partial<Workload> = {}): Workload {
  return {
    kind: 'Deployment',
    namespace: 'demo',
    name: 'web',
    uid: 'uid-web',
    createdAt: startOfTest,
    generation: 1,
    deleting: false,
    labels: {},
    annotations: {},
    containers: [container()],
    podSelector: 'app=web',
    pullSecrets: [],
    serviceAccount: 'default',
    rollout: rollout(),
    ...fields,
  };
}

/** A ready container `app` with image `web:1.0.0`. */
export function podContainer(fields: Partial<PodContainer> = {}): PodContainer {
  return {
    name: 'app',
    init: false,
    image: 'web:1.0.0',
    runningDigest: undefined,
    restarts: 0,
    started: true,
    lastExitCode: undefined,
    ready: true,
    waitingReason: undefined,
    message: '',
    ...fields,
  };
}

/** Pod `web-1` with one ready container. */
export function pod(fields: Partial<Pod> = {}): Pod {
  return {
    name: 'web-1',
    uid: 'uid-web-1',
    createdAt: startOfTest,
    deleting: false,
    containers: [podContainer()],
    ...fields,
  };
}

/** Source `web` that follows 1.x of ghcr.io/org/web. */
export function imageSource(fields: Partial<ImageSource> = {}): ImageSource {
  return {
    kind: 'Image',
    name: 'web',
    repositoryText: 'ghcr.io/org/web',
    repository: { registry: 'ghcr.io', path: 'org/web' },
    policy: { kind: 'semver', range: '1.x' },
    insecure: false,
    pullSecret: undefined,
    caSecret: undefined,
    verify: undefined,
    ...fields,
  };
}

/** The Deployment `web`, its containers found by repository. */
export function target(fields: Partial<WorkloadTarget> = {}): WorkloadTarget {
  return { kind: 'Deployment', choose: { by: 'name', name: 'web' }, containers: [], ...fields };
}

/** Source `web` for the Deployment `web`. */
export function targetsOf(fields: Partial<Targets> = {}): Targets {
  return { sources: [imageSource()], targets: [target()], ...fields };
}

/** Source `web` from 1.0.0 to 1.1.0. */
export function versionChange(fields: Partial<VersionChange> = {}): VersionChange {
  return {
    source: 'web',
    repository: 'ghcr.io/org/web',
    from: { tag: '1.0.0', digest: digest('0') },
    to: { tag: '1.1.0', digest: digest('1') },
    ...fields,
  };
}

/** Container `app` from `web:1.0.0` to `web:1.1.0` and back. */
export function containerChange(fields: Partial<ContainerChange> = {}): ContainerChange {
  return {
    container: 'app',
    init: false,
    source: 'web',
    before: 'web:1.0.0',
    after: 'web:1.1.0',
    restore: 'web:1.0.0',
    ...fields,
  };
}

/** The change of container `app` of Deployment `web`. */
export function workloadChange(fields: Partial<WorkloadChange> = {}): WorkloadChange {
  return {
    kind: 'Deployment',
    name: 'web',
    uid: 'uid-web',
    containers: [containerChange()],
    reversible: true,
    ...fields,
  };
}

/** A journal that was planned and applied at the start of the test, and is being watched since. */
export function journal(fields: Partial<Journal> = {}): Journal {
  return {
    phase: 'Watching',
    startedAt: startOfTest,
    steps: [
      { name: 'Plan', startedAt: startOfTest, finishedAt: startOfTest, result: 'Done' },
      { name: 'Apply', startedAt: startOfTest, finishedAt: startOfTest, result: 'Done' },
      { name: 'Watch', startedAt: startOfTest },
    ],
    plan: { kind: 'Workloads', workloads: [workloadChange()] },
    ...fields,
  };
}

/** Everything healthy and as the Update left it. */
export function observation(fields: Partial<Observation> = {}): Observation {
  return {
    health: { kind: 'Current' },
    rejected: false,
    newerAvailable: undefined,
    formerRejected: false,
    contested: [],
    reapplied: [],
    gone: [],
    appActive: true,
    gate: { kind: 'Open' },
    obsolete: undefined,
    window: { kind: 'Open', closesAt: undefined },
    ran: false,
    ...fields,
  };
}

/** Forbids digest 1 to App `demo/web` for ever. */
export function rejection(fields: Partial<Rejection> = {}): Rejection {
  return {
    name: 'web-1',
    namespace: 'demo',
    app: 'web',
    digest: digest('1'),
    tag: '1.1.0',
    reason: 'CrashLoop',
    author: 'Update web-7',
    expiresAt: undefined,
    ...fields,
  };
}
