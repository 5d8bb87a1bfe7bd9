/** Update: wire form <-> journal. */
import Type, { type Static } from 'typebox';
import type { DeployPlan } from '../../core/deploy/deploy-plan.ts';
import { clipMessage } from '../../core/text.ts';
import { isFinal, type Journal, type StepRecord } from '../../core/update/journal.ts';
import { openJournal } from '../../core/update/transitions.ts';
import type { Version, VersionChange } from '../../core/update/version-change.ts';
import type { Waiting } from '../../core/waiting.ts';
import { decodeActions, encodeActions } from '../action-record.ts';
import { decodeCheckpointFacts, encodeCheckpointFacts } from '../checkpoint/checkpoint-codec.ts';
import { decoderOf } from '../decode.ts';
import { Metadata } from '../metadata.ts';
import { decodeGitPlan, encodeGitPlan } from './git-plan-codec.ts';
import { decodeTest, encodeTest } from './test-record-codec.ts';
import { UpdateSpecSchema, type UpdateSpecWire, UpdateStatusSchema, type UpdateStatusWire } from './update.ts';

const UpdateObject = Type.Object({
  metadata: Metadata,
  spec: UpdateSpecSchema,
  status: Type.Optional(UpdateStatusSchema),
});

/** An Update as the API server gives it, its shape checked. */
export type UpdateObjectWire = Static<typeof UpdateObject>;

/** Checks the shape of an Update; throws OBJECT_INVALID. */
export const decodeUpdate = decoderOf(UpdateObject);

/** The changes an Update is to bring. */
export function changesOf(spec: Pick<UpdateSpecWire, 'changes'>): readonly VersionChange[] {
  return spec.changes.map((change) => ({ ...change, from: toVersion(change.from), to: toVersion(change.to) }));
}

/**
 * The journal in an Update's status.
 *
 * @param now start of the journal where there is none yet
 */
export function journalOf(update: UpdateObjectWire, now: Date): Journal {
  const { status } = update;
  if (status?.phase === undefined || status.startedAt === undefined) {
    return openJournal(now);
  }
  return {
    phase: status.phase,
    startedAt: new Date(status.startedAt),
    steps: (status.steps ?? []).map(toStep),
    ...planOf(status),
    ...(status.healthySince === undefined ? {} : { healthySince: new Date(status.healthySince) }),
    ...(status.failure === undefined ? {} : { failure: status.failure }),
    ...(status.tests === undefined ? {} : { tests: status.tests.map(decodeTest) }),
    ...decodeCheckpointFacts(status),
    ...(status.waiting === undefined ? {} : { waiting: decodeWaiting(status.waiting) }),
    ...(status.finishedAt === undefined ? {} : { finishedAt: new Date(status.finishedAt) }),
    ...(status.approvals === undefined
      ? {}
      : { approvals: status.approvals.map(({ by, at }) => ({ by, at: new Date(at) })) }),
    ...(status.actions === undefined ? {} : { actions: decodeActions(status.actions) }),
  };
}

/** Whether the Update is at one of its ends; asked of every Update of an App, so without reading the whole journal. */
export function hasEnded({ status }: Pick<UpdateObjectWire, 'status'>): boolean {
  return status?.phase !== undefined && isFinal(status.phase);
}

/** The journal as it is written; conditions and the line for tables are added by whoever writes it. */
export function encodeJournal(journal: Journal): UpdateStatusWire {
  return {
    phase: journal.phase,
    startedAt: journal.startedAt.toISOString(),
    steps: journal.steps.map((step) => ({
      ...step,
      startedAt: step.startedAt.toISOString(),
      ...(step.finishedAt === undefined ? {} : { finishedAt: step.finishedAt.toISOString() }),
      ...(step.message === undefined ? {} : { message: clipMessage(step.message) }),
    })) as NonNullable<UpdateStatusWire['steps']>,
    ...encodePlan(journal.plan),
    ...(journal.healthySince === undefined ? {} : { healthySince: journal.healthySince.toISOString() }),
    ...(journal.failure === undefined ? {} : { failure: clipped(journal.failure) }),
    ...(journal.tests === undefined ? {} : { tests: journal.tests.map(encodeTest) }),
    ...encodeCheckpointFacts(journal),
    ...(journal.waiting === undefined ? {} : { waiting: encodeWaiting(journal.waiting) }),
    ...(journal.finishedAt === undefined ? {} : { finishedAt: journal.finishedAt.toISOString() }),
    ...(journal.approvals === undefined
      ? {}
      : { approvals: journal.approvals.map(({ by, at }) => ({ by, at: at.toISOString() })) }),
    ...(journal.actions === undefined ? {} : { actions: encodeActions(journal.actions) }),
  };
}

/** Each kind of plan has a field of its own in the status. */
function planOf({ workloads, helm, patch, manifests, git }: UpdateStatusWire): { plan?: DeployPlan } {
  if (helm !== undefined) {
    return { plan: { kind: 'Helm', ...helm } };
  }
  if (manifests !== undefined) {
    return { plan: { kind: 'Manifests', ...manifests } };
  }
  if (git !== undefined) {
    return { plan: decodeGitPlan(git) };
  }
  if (patch !== undefined) {
    return { plan: { kind: 'Patch', ...patch } };
  }
  return workloads === undefined || workloads.length === 0 ? {} : { plan: { kind: 'Workloads', workloads } };
}

function encodePlan(
  plan: DeployPlan | undefined,
): Pick<UpdateStatusWire, 'workloads' | 'helm' | 'patch' | 'manifests' | 'git'> {
  switch (plan?.kind) {
    case undefined:
      return {};
    case 'Helm': {
      const { kind: _, restoreDigests, oneWays, ...helm } = plan;
      return { helm: { ...helm, restoreDigests: [...restoreDigests], oneWays: [...oneWays] } };
    }
    case 'Workloads':
      return {
        workloads: plan.workloads.map((workload) => ({
          ...workload,
          containers: workload.containers.map((container) => ({ ...container })),
        })),
      };
    case 'Patch': {
      const { kind: _, fields, ...rest } = plan;
      return { patch: { ...rest, fields: fields.map((field) => ({ ...field })) } };
    }
    case 'Git':
      return { git: encodeGitPlan(plan) };
    case 'Manifests': {
      const { kind: _, formerDigests, changes, oneWays, ...rest } = plan;
      return {
        manifests: { ...rest, formerDigests: [...formerDigests], changes: [...changes], oneWays: [...oneWays] },
      };
    }
  }
}

export function encodeWaiting(waiting: Waiting): NonNullable<UpdateStatusWire['waiting']> {
  return {
    ...clipped({ reason: waiting.reason, message: waiting.message }),
    ...(waiting.until === undefined ? {} : { until: toWholeSecond(waiting.until) }),
  };
}

export function decodeWaiting(waiting: NonNullable<UpdateStatusWire['waiting']>): Waiting {
  return {
    reason: waiting.reason,
    message: waiting.message,
    ...(waiting.until === undefined ? {} : { until: new Date(waiting.until) }),
  };
}

function clipped<T extends { readonly message: string }>(said: T): T {
  return { ...said, message: clipMessage(said.message) };
}

/** Rounded up, so that looking at `until` is never too early. */
function toWholeSecond(date: Date): string {
  const second = 1_000;
  return new Date(Math.ceil(date.getTime() / second) * second).toISOString().replace('.000Z', 'Z');
}

function toVersion(version: { readonly tag?: string | undefined; readonly digest?: string | undefined }): Version {
  return { tag: version.tag, digest: version.digest };
}

function toStep(step: NonNullable<UpdateStatusWire['steps']>[number]): StepRecord {
  return {
    name: step.name,
    startedAt: new Date(step.startedAt),
    ...(step.finishedAt === undefined ? {} : { finishedAt: new Date(step.finishedAt) }),
    ...(step.result === undefined ? {} : { result: step.result }),
    ...(step.message === undefined ? {} : { message: step.message }),
  };
}
