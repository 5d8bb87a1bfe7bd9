/** Deployment, StatefulSet, DaemonSet, CronJob and Pod: wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import { isAdoptionMark } from '../../core/adopt/marks.ts';
import type { Container, Pod, PodContainer, Rollout, Workload, WorkloadKind } from '../../core/workload/workload.ts';
import { decoderOf } from '../decode.ts';
import { Metadata } from '../metadata.ts';
import { decodePlacement, placementFields } from './decode-placement.ts';

const ContainerWire = Type.Object({ name: Type.String(), image: Type.Optional(Type.String()) });

const PodTemplate = Type.Object({
  spec: Type.Object({
    containers: Type.Array(ContainerWire),
    initContainers: Type.Optional(Type.Array(ContainerWire)),
    imagePullSecrets: Type.Optional(Type.Array(Type.Object({ name: Type.Optional(Type.String()) }))),
    serviceAccountName: Type.Optional(Type.String()),
    ...placementFields,
  }),
});

const ConditionWire = Type.Object({
  type: Type.String(),
  status: Type.String(),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});

const Count = Type.Optional(Type.Integer());

const SelectorWire = Type.Object({
  matchLabels: Type.Optional(Type.Record(Type.String(), Type.String())),
  matchExpressions: Type.Optional(
    Type.Array(
      Type.Object({
        key: Type.String(),
        operator: Type.String(),
        values: Type.Optional(Type.Array(Type.String())),
      }),
    ),
  ),
});

const WorkloadWire = Type.Object({
  metadata: Metadata,
  spec: Type.Object({
    replicas: Count,
    paused: Type.Optional(Type.Boolean()),
    progressDeadlineSeconds: Count,
    selector: Type.Optional(SelectorWire),
    updateStrategy: Type.Optional(
      Type.Object({
        type: Type.Optional(Type.String()),
        rollingUpdate: Type.Optional(Type.Object({ partition: Count })),
      }),
    ),
    template: PodTemplate,
  }),
  status: Type.Optional(
    Type.Object({
      observedGeneration: Count,
      replicas: Count,
      updatedReplicas: Count,
      readyReplicas: Count,
      availableReplicas: Count,
      currentNumberScheduled: Count,
      desiredNumberScheduled: Count,
      updatedNumberScheduled: Count,
      numberReady: Count,
      numberAvailable: Count,
      conditions: Type.Optional(Type.Array(ConditionWire)),
    }),
  ),
});

const CronJobWire = Type.Object({
  metadata: Metadata,
  spec: Type.Object({ jobTemplate: Type.Object({ spec: Type.Object({ template: PodTemplate }) }) }),
});

type WorkloadShape = Static<typeof WorkloadWire>;

const decodeWorkloadShape = decoderOf(WorkloadWire);
const decodeCronJobShape = decoderOf(CronJobWire);

/**
 * Reads a Deployment, StatefulSet, DaemonSet or CronJob.
 *
 * @throws OBJECT_INVALID
 */
export function decodeWorkload(kind: WorkloadKind, object: unknown): Workload {
  if (kind === 'CronJob') {
    const { metadata, spec } = decodeCronJobShape(object, kind);
    return fromParts(kind, metadata, spec.jobTemplate.spec.template, { podSelector: undefined, rollout: noRollout });
  }
  const wire = decodeWorkloadShape(object, kind);
  const podSelector = formatSelector(wire.spec.selector ?? {});
  const rollout = kind === 'DaemonSet' ? daemonSetRollout(wire) : replicatedRollout(wire);
  return fromParts(kind, wire.metadata, wire.spec.template, { podSelector, rollout });
}

/** The text form of a selector (labels.Selector.String of apimachinery), as list and watch take it. */
function formatSelector({ matchLabels = {}, matchExpressions = [] }: Static<typeof SelectorWire>): string {
  const labels = Object.entries(matchLabels).map(([label, value]) => `${label}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return `${key} in (${values.join(',')})`;
      case 'NotIn':
        return `${key} notin (${values.join(',')})`;
      case 'Exists':
        return key;
      default:
        return `!${key}`;
    }
  });
  return [...labels, ...expressions].join(',');
}

const noRollout: Rollout = {
  observedGeneration: undefined,
  wanted: 0,
  total: 0,
  updated: 0,
  ready: 0,
  available: 0,
  conditions: [],
  replacesPods: true,
  partition: 0,
  paused: false,
  hasProgressDeadline: false,
};

function fromParts(
  kind: WorkloadKind,
  metadata: WorkloadShape['metadata'],
  template: Static<typeof PodTemplate>,
  parts: Pick<Workload, 'podSelector' | 'rollout'>,
): Workload {
  const read =
    (init: boolean) =>
    (one: Static<typeof ContainerWire>): Container => ({
      name: one.name,
      image: one.image ?? '',
      init,
    });
  const placement = decodePlacement(template.spec);
  return {
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    createdAt: new Date(metadata.creationTimestamp),
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    labels: metadata.labels ?? {},
    annotations: Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => isAdoptionMark(key))),
    containers: [...template.spec.containers.map(read(false)), ...(template.spec.initContainers ?? []).map(read(true))],
    pullSecrets: (template.spec.imagePullSecrets ?? []).flatMap(({ name }) => (name === undefined ? [] : [name])),
    serviceAccount: template.spec.serviceAccountName || 'default',
    ...(placement === undefined ? {} : { placement }),
    ...parts,
  };
}

function replicatedRollout({ spec, status }: WorkloadShape): Rollout {
  const defaultReplicas = 1;
  return {
    observedGeneration: status?.observedGeneration,
    wanted: spec.replicas ?? defaultReplicas,
    total: status?.replicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    ready: status?.readyReplicas ?? 0,
    available: status?.availableReplicas ?? 0,
    ...commonRollout(spec, status),
  };
}

function daemonSetRollout({ spec, status }: WorkloadShape): Rollout {
  return {
    observedGeneration: status?.observedGeneration,
    wanted: status?.desiredNumberScheduled ?? 0,
    total: status?.currentNumberScheduled ?? 0,
    updated: status?.updatedNumberScheduled ?? 0,
    ready: status?.numberReady ?? 0,
    available: status?.numberAvailable ?? 0,
    ...commonRollout(spec, status),
  };
}

function commonRollout(spec: WorkloadShape['spec'], status: WorkloadShape['status']) {
  return {
    conditions: (status?.conditions ?? []).map(({ type, status: value, reason, message }) => ({
      type,
      status: value,
      reason: reason ?? '',
      message: message ?? '',
    })),
    replacesPods: spec.updateStrategy?.type !== 'OnDelete',
    partition: spec.updateStrategy?.rollingUpdate?.partition ?? 0,
    paused: spec.paused ?? false,
    hasProgressDeadline: (spec.progressDeadlineSeconds ?? noDeadlineSeconds) !== noDeadlineSeconds,
  };
}

/** The value by which a Deployment says that it has no progress deadline (HasProgressDeadline of its controller). */
const noDeadlineSeconds = 2 ** 31 - 1;

const StateWire = Type.Object({
  waiting: Type.Optional(Type.Object({ reason: Type.Optional(Type.String()), message: Type.Optional(Type.String()) })),
  running: Type.Optional(Type.Object({})),
  terminated: Type.Optional(Type.Object({ exitCode: Type.Integer(), reason: Type.Optional(Type.String()) })),
});

const ContainerStatusWire = Type.Object({
  name: Type.String(),
  imageID: Type.Optional(Type.String()),
  restartCount: Count,
  ready: Type.Optional(Type.Boolean()),
  state: Type.Optional(StateWire),
  lastState: Type.Optional(StateWire),
});

const PodWire = Type.Object({
  metadata: Metadata,
  spec: PodTemplate.properties.spec,
  status: Type.Optional(
    Type.Object({
      containerStatuses: Type.Optional(Type.Array(ContainerStatusWire)),
      initContainerStatuses: Type.Optional(Type.Array(ContainerStatusWire)),
    }),
  ),
});

const decodePodShape = decoderOf(PodWire);

/**
 * Reads a Pod.
 *
 * @throws OBJECT_INVALID
 */
export function decodePod(object: unknown): Pod {
  const { metadata, spec, status } = decodePodShape(object, 'Pod');
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const read =
    (init: boolean) =>
    (one: Static<typeof ContainerWire>): PodContainer => {
      const state = statuses.find((entry) => entry.name === one.name);
      return {
        name: one.name,
        init,
        image: one.image ?? '',
        runningDigest: state?.imageID === undefined ? undefined : digestOfImageId(state.imageID),
        restarts: state?.restartCount ?? 0,
        started: state !== undefined && wasStarted(state),
        ready: state?.ready ?? false,
        waitingReason: state?.state?.waiting?.reason,
        message: state?.state?.waiting?.message ?? '',
        lastExitCode: state?.lastState?.terminated?.exitCode,
      };
    };
  return {
    name: metadata.name,
    uid: metadata.uid,
    createdAt: new Date(metadata.creationTimestamp),
    deleting: metadata.deletionTimestamp !== undefined,
    containers: [...spec.containers.map(read(false)), ...(spec.initContainers ?? []).map(read(true))],
  };
}

function wasStarted({ state, lastState, restartCount }: Static<typeof ContainerStatusWire>): boolean {
  return (state?.running ?? state?.terminated ?? lastState?.terminated) !== undefined || (restartCount ?? 0) > 0;
}

/** `docker-pullable://repo@sha256:..` or `repo@sha256:..`; a bare id (an image that was never pulled) tells nothing. */
function digestOfImageId(imageId: string): string | undefined {
  const at = imageId.lastIndexOf('@');
  return at === -1 ? undefined : imageId.slice(at + 1);
}
