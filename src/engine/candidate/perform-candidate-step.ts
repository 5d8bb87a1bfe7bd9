/** Does one step of a candidate. Each may be repeated: the process can die before the journal is written. */

import { locationOf } from '../../core/app/app.ts';
import { type Candidate, type Fault, openTrial } from '../../core/candidate/candidate.ts';
import type { CandidateStep } from '../../core/candidate/candidate-step.ts';
import {
  begunTrial,
  changedTrial,
  clearedTrials,
  endedTrial,
  isUncleared,
  notedRecord,
} from '../../core/candidate/transitions.ts';
import { readAppSpec } from '../../resources/app/decode-app.ts';
import type { CandidateContext, HubAtWork, Performed } from './candidate-context.ts';
import { makeRelease } from './make-release.ts';
import { isOnPath, openPathTrial } from './path-trial.ts';
import { clearScratch, installInScratch, readAppTests, spaceOf } from './scratch-trial.ts';
import { tryCandidateTest } from './try-candidate-test.ts';

/** @throws errors of the API server, of the store and of sources */
export async function performCandidateStep(
  context: CandidateContext,
  hub: HubAtWork,
  step: Exclude<CandidateStep, { readonly kind: 'Wait' | 'End' }>,
  signal: AbortSignal,
): Promise<Performed> {
  const { candidate } = hub;
  const now = context.clock.now();
  switch (step.kind) {
    case 'BeginTrial':
      return { kind: 'Done', candidate: begunTrial(candidate, { ...step, scratch: hub.spec.tryOn?.namespace }, now) };
    case 'Install':
      return await install(context, hub, signal);
    case 'NoteBased':
      return { kind: 'Done', candidate: changedTrial(candidate, { basedAt: now }) };
    case 'Clear':
      return await clear(context, hub, signal);
    case 'LeaveBehind':
      return { kind: 'Done', candidate: await leaveBehind(context, hub, signal) };
    case 'NoteArrived':
      return { kind: 'Done', candidate: await arrived(context, hub, signal) };
    case 'NoteTest':
      return { kind: 'Done', candidate: notedRecord(candidate, step.of, step.record) };
    case 'Test':
      return await tryCandidateTest(context, hub, step, signal);
    case 'NoteTested':
      return { kind: 'Done', candidate: changedTrial(candidate, { testedAt: now }) };
    case 'NoteWell':
      return { kind: 'Done', candidate: changedTrial(candidate, { unwellSince: step.unwellSince }) };
    case 'EndTrial':
      return { kind: 'Done', candidate: ended(context, hub, endedTrial(candidate, step.result, now)) };
    case 'Blame':
      await rejectAlone(context, hub, step.fault, signal);
      return { kind: 'Done', candidate: { ...candidate, faults: [...candidate.faults, step.fault] } };
    case 'Release':
      return { kind: 'Done', candidate: { ...candidate, release: await makeRelease(context, hub, signal) } };
  }
}

async function arrived(context: CandidateContext, hub: HubAtWork, signal: AbortSignal): Promise<Candidate> {
  const trial = openTrial(hub.candidate);
  const appTests = isOnPath(trial) ? await readAppTests(context, hub, trial, signal) : undefined;
  return changedTrial(hub.candidate, { arrivedAt: context.clock.now(), ...(appTests && { appTests }) });
}

async function leaveBehind(context: CandidateContext, hub: HubAtWork, signal: AbortSignal): Promise<Candidate> {
  for (const trial of hub.candidate.trials.filter(isUncleared)) {
    context.assertLeading();
    await context.scratch.abandon(spaceOf(hub, trial), signal);
  }
  return clearedTrials(hub.candidate, context.clock.now());
}

async function install(context: CandidateContext, hub: HubAtWork, signal: AbortSignal): Promise<Performed> {
  const installed = await installInScratch(context, hub, openPathTrial(openTrial(hub.candidate)), signal);
  return installed.kind === 'Ended'
    ? { kind: 'Done', candidate: ended(context, hub, endedTrial(hub.candidate, installed.result, context.clock.now())) }
    : installed;
}

async function clear(context: CandidateContext, hub: HubAtWork, signal: AbortSignal): Promise<Performed> {
  for (const trial of hub.candidate.trials.filter(isUncleared)) {
    const waiting = await clearScratch(context, hub, trial, signal);
    if (waiting !== undefined) {
      return waiting;
    }
  }
  return { kind: 'Done', candidate: clearedTrials(hub.candidate, context.clock.now()) };
}

function ended({ trialMetrics }: CandidateContext, { channel }: HubAtWork, candidate: Candidate): Candidate {
  const trial = candidate.trials.at(-1);
  if (trial !== undefined) {
    trialMetrics.ended(channel.metadata, trial);
  }
  return candidate;
}

/** One that is bad by itself is not taken again by any path; several that do not go together are only kept apart. */
async function rejectAlone(
  { records, assertLeading }: CandidateContext,
  { candidate, apps, channel }: HubAtWork,
  { apps: guilty, reason }: Fault,
  signal: AbortSignal,
): Promise<void> {
  const [name, ...others] = guilty;
  const app = candidate.apps.find((one) => one.name === name);
  const object = apps.find(({ metadata }) => metadata.name === name);
  const spec = object && readAppSpec(object);
  if (others.length > 0 || app === undefined) {
    return;
  }
  for (const { source, tag, digest } of app.to ?? []) {
    const before = app.from.find((one) => one.source === source)?.digest;
    if (digest === undefined || digest === before) {
      continue;
    }
    const known = spec?.kind === 'Valid' ? spec.value.sources.find((one) => one.name === source) : undefined;
    assertLeading();
    await records.reject(
      channel.metadata.namespace,
      {
        app: app.name,
        digest,
        reason,
        author: `Channel ${channel.metadata.name}, candidate ${candidate.number}`,
        ...(known && { repository: locationOf(known) }),
        ...(tag !== undefined && { tag }),
      },
      signal,
    );
  }
}
