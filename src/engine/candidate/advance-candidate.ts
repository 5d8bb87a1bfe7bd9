/**
 * Takes the candidate of a Channel as far as it goes right now, or makes one: asks what comes next, does it, writes the journal, asks again.
 * Where it has to wait it returns at once; a watch or the time wakes it.
 */
import { type Candidate, type CandidateOutcome, openTrial } from '../../core/candidate/candidate.ts';
import type { CandidateSettings, CandidateSight } from '../../core/candidate/candidate-step.ts';
import { consistentPart } from '../../core/candidate/consistent-part.ts';
import { nextCandidateStep } from '../../core/candidate/next-candidate-step.ts';
import { invariant } from '../../core/errors.ts';
import type { GateAnswer } from '../../core/gates/gate-answer.ts';
import { judgeGates } from '../../core/gates/gates.ts';
import { readVeto } from '../../core/gates/veto.ts';
import { clipMessage } from '../../core/text.ts';
import type { Waiting } from '../../core/waiting.ts';
import type { BarredWire, CandidateRecordWire } from '../../resources/channel/candidate.ts';
import { decodeCandidate, encodeCandidate } from '../../resources/channel/candidate-codec.ts';
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import type { CandidateContext, Hub, HubAtWork } from './candidate-context.ts';
import { pathsOf } from './find-untriable.ts';
import { constraintsOf, formCandidate, keyOf, sayBrought, sayLast } from './form-candidate.ts';
import { basisOfApps, findUnwellApp, standingsOf } from './look-at-apps.ts';
import { performCandidateStep } from './perform-candidate-step.ts';

export interface AdvancedCandidate {
  /** As it is written by now. */
  readonly channel: ChannelObjectWire;
  /** Undefined: there is nothing new. */
  readonly waiting: Waiting | undefined;
  /** When it is to be looked at again at the latest. */
  readonly until: Date | undefined;
}

type Status = NonNullable<ChannelObjectWire['status']>;

/** More than any candidate takes without waiting; a loop past it is a broken decision. */
const maxStepsAtOnce = 256;

/** @throws API_CONFLICT when somebody else wrote the Channel: read it again; errors of the API server, of the store and of sources */
export async function advanceCandidate(
  context: CandidateContext,
  given: Omit<Hub, 'kubernetes'>,
  signal: AbortSignal,
): Promise<AdvancedCandidate> {
  let hub: Hub = { ...given, kubernetes: await context.clusterVersion(signal) };
  for (let count = 0; count < maxStepsAtOnce; count += 1) {
    signal.throwIfAborted();
    const { candidate } = hub.channel.status ?? {};
    const moved = candidate
      ? await step(context, { ...hub, candidate: decodeCandidate(candidate) }, signal)
      : await form(context, hub, signal);
    if (moved.rest) {
      return { channel: moved.hub.channel, ...moved.rest };
    }
    hub = moved.hub;
  }
  const { namespace, name } = given.channel.metadata;
  invariant(false, `advance Channel ${namespace}/${name}: took more than ${maxStepsAtOnce} steps at once`);
}

interface Moved {
  readonly hub: Hub;
  /** Undefined: it goes on at once. */
  readonly rest?: Omit<AdvancedCandidate, 'channel'>;
}

async function form(context: CandidateContext, hub: Hub, signal: AbortSignal): Promise<Moved> {
  const formed = await formCandidate(context, hub, signal);
  const written = await write(context, hub, formed.status, signal);
  return formed.kind === 'Nothing'
    ? { hub: written, rest: { waiting: formed.waiting, until: formed.waiting?.until } }
    : { hub: written };
}

async function step(context: CandidateContext, hub: HubAtWork, signal: AbortSignal): Promise<Moved> {
  const seen = await look(context, hub, signal);
  const next = nextCandidateStep(hub.candidate, seen, settingsOf(context, hub), context.clock.now());
  context.assertLeading();
  if (next.kind === 'Wait') {
    const { waiting, lookAt } = next;
    return { hub, rest: { waiting, until: lookAt ?? waiting.until } };
  }
  if (next.kind === 'End') {
    const written = await write(context, hub, endedStatus(context, hub, next), signal);
    context.trialMetrics.candidateEnded(hub.channel.metadata, hub.candidate, next.outcome);
    release(context, hub.channel);
    // What the Apps tell has to be looked at anew before another one is made.
    return { hub: written, rest: { waiting: sayLast(written.channel), until: context.clock.now() } };
  }
  const performed = await performCandidateStep(context, hub, next, signal);
  if (performed.kind === 'Waiting') {
    return { hub, rest: { waiting: performed.waiting, until: performed.waiting.until } };
  }
  return { hub: await write(context, hub, statusWith(hub.channel, hub.candidate, performed.candidate), signal) };
}

async function write(context: CandidateContext, hub: Hub, status: Status, signal: AbortSignal): Promise<Hub> {
  if (JSON.stringify(status) === JSON.stringify(hub.channel.status ?? {})) {
    return hub;
  }
  context.assertLeading();
  return { ...hub, channel: await context.channels.writeStatus(hub.channel, status, signal) };
}

function settingsOf(context: CandidateContext, hub: HubAtWork): CandidateSettings {
  const { candidate, spec } = hub;
  const constraints = constraintsOf(hub, candidate.apps);
  return {
    tests: spec.tests,
    watches: spec.tests.filter(({ probe }) => probe.kind === 'Metric'),
    soakMs: spec.soakMs,
    paths: pathsOf(context, hub).paths,
    pathTimeoutMs: spec.tryOn?.timeoutMs ?? 0,
    consistent: (members) => consistentPart(members, constraints).members,
  };
}

async function look(context: CandidateContext, hub: HubAtWork, signal: AbortSignal): Promise<CandidateSight> {
  const { candidate, apps, spec, channel } = hub;
  const now = context.clock.now();
  const trial = openTrial(candidate);
  const isSoaking = trial?.testedAt !== undefined && trial.path === undefined;
  const last = candidate.trials.at(-1)?.result;
  const { name, annotations = {} } = channel.metadata;
  const gate = judgeGates(
    spec.gates,
    {
      brings: `candidate ${candidate.number} (${sayBrought(candidate.apps)})`,
      askedAt: last?.at ?? candidate.startedAt,
      approvals: candidate.approvals,
      vetoes: [readVeto(annotations, `Channel ${name}`)].flatMap((veto) => veto ?? []),
      ...{ earlier: [], predecessors: { seen: [], unmatched: [] }, unwell: undefined, queue: undefined },
    },
    now,
  );
  return {
    standings: await standingsOf(context, hub, signal),
    unwell: isSoaking ? await findUnwellApp(context, hub, signal) : undefined,
    isSameDefinition: basisOfApps(apps) === candidate.basis,
    gate: gate.kind === 'Shut' && gate.waiting.reason === 'ApprovalExpired' ? sayExpired(gate.waiting) : gate,
  };
}

/** The text speaks of Updates. */
function sayExpired({ reason, message }: Waiting): GateAnswer {
  return { kind: 'Shut', waiting: { reason, message: message.replace(/;[^;]*$/, '') } };
}

/** Versions that do not go together are remembered with the step that found it. */
function statusWith({ status }: ChannelObjectWire, before: Candidate, after: Candidate): Status {
  const learned = after.faults.slice(before.faults.length).filter(({ apps }) => apps.length > 1);
  const barred = learned.map(
    ({ apps, reason }): BarredWire => ({
      parts: apps.flatMap((app) => partOf(after, app)),
      reason: reason.slice(0, longestReason),
    }),
  );
  return {
    ...status,
    candidate: encodeCandidate(after),
    ...(barred.length > 0 && { barred: [...barred, ...(status?.barred ?? [])].slice(0, mostBarred) }),
  };
}

const mostBarred = 50;
const mostRecords = 20;
const longestReason = 4_000;

function partOf({ apps }: Candidate, name: string): BarredWire['parts'] {
  const to = apps.find((app) => app.name === name)?.to ?? [];
  return [{ app: name, digests: to.flatMap(({ digest }) => digest ?? []) }];
}

function endedStatus(
  { clock }: CandidateContext,
  { channel, candidate, apps }: HubAtWork,
  { outcome, message }: { readonly outcome: CandidateOutcome; readonly message: string },
): Status {
  const { candidate: wire, candidates = [], ...rest } = channel.status ?? {};
  const record: CandidateRecordWire = {
    ...{ number: candidate.number, outcome, message: clipMessage(message) },
    startedAt: candidate.startedAt.toISOString(),
    endedAt: clock.now().toISOString(),
    brought: sayBrought(candidate.apps).slice(0, longestReason),
    trials: candidate.trials.length,
    faults: [...(wire?.faults ?? [])],
    key: keyOf({ apps }, candidate.apps),
    ...(candidate.release !== undefined && { release: candidate.release }),
  };
  return { ...rest, candidates: [record, ...candidates].slice(0, mostRecords) };
}

/** What was watched for tests is let go. */
export function release(
  { channelProbers }: Pick<CandidateContext, 'channelProbers'>,
  { metadata }: { readonly metadata: { readonly namespace: string; readonly name: string } },
): void {
  for (const prober of Object.values(channelProbers)) {
    prober.release(metadata);
  }
}
