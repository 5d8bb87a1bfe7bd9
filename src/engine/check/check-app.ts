/**
 * One look at one App: what runs, what is newer, what keeps it from moving; and the start of an Update where nothing does.
 */
import type { AppSpec, CheckTimes } from '../../core/app/app.ts';
import type { AppState } from '../../core/app/app-state.ts';
import { nextTime } from '../../core/schedule/next-time.ts';
import { joinSome } from '../../core/text.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/app/decode-app.ts';
import { decodeFirstSeen } from '../../resources/app/first-seen.ts';
import type { Survey } from '../deploy/deployer.ts';
import { detect, withoutAsking } from '../detect/detect.ts';
import type { Finding } from '../detect/finding.ts';
import type { AppCheck, CheckContext } from './app-check.ts';
import { type CheckMemory, memoryKey, type Recollection, type SetTimes } from './check-memory.ts';
import { weigh } from './weigh-findings.ts';

/**
 * Checks one App. Has registries asked only when its interval has passed or something it depends on has changed.
 *
 * Whatever is wrong with the App or the world is an answer, not an error.
 *
 * @returns undefined while its sources are being asked: there is nothing to say before that, and its end wakes the App
 */
export async function checkApp(
  context: CheckContext,
  app: AppObjectWire,
  signal: AbortSignal,
): Promise<AppCheck | undefined> {
  const nothing = { sources: [], survey: undefined, update: undefined, start: undefined, nextCheckAt: undefined };
  const spec = readAppSpec(app);
  if (spec.kind === 'Invalid') {
    return { ...nothing, state: spec };
  }
  const { namespace, name } = app.metadata;
  const last = context.records.listUpdates(namespace, name).at(0);
  const survey = await surveyApp(context, app, spec.value, signal);
  const known = { ...nothing, survey, update: last?.metadata.name };
  const blocked = findBlock(survey);
  if (blocked) {
    return { ...known, state: blocked, nextCheckAt: laterBy(context, spec.value.intervalMs) };
  }
  if (spec.value.suspend) {
    return { ...known, state: { kind: 'Suspended' } };
  }
  const findings = await recall(context, app, { spec: spec.value, survey });
  return findings && { ...known, ...weigh(context, app, { spec: spec.value, findings, last, survey }) };
}

async function surveyApp(
  { deployers }: CheckContext,
  app: AppObjectWire,
  spec: AppSpec,
  signal: AbortSignal,
): Promise<Survey> {
  return await deployers[spec.deploy.kind].survey(app, spec, signal);
}

function findBlock({ problems, conflict }: Survey): AppState | undefined {
  if (problems.length > 0) {
    return { kind: 'Blocked', reason: 'TargetNotFound', message: joinSome(problems, '; ') };
  }
  return conflict === undefined ? undefined : { kind: 'Blocked', reason: 'TargetConflict', message: conflict };
}

interface RecallRequest {
  readonly spec: AppSpec;
  readonly survey: Survey;
  /** How many checks that end at once are waited for; by default one, which saves most Apps a second pass. */
  readonly turns?: number;
}

/** The findings of the last check while nothing they depend on has changed; else a new one is begun. */
async function recall(
  context: CheckContext,
  app: AppObjectWire,
  { spec, survey, turns = 1 }: RecallRequest,
): Promise<readonly Finding[] | undefined> {
  const rejections = context.records.listRejections(app.metadata.namespace);
  const { uid, generation } = app.metadata;
  const basis = JSON.stringify([uid, generation, survey.basis, rejections.map((one) => [one.app, one.digest])]);
  const firstSeenOf = (source: string) => decodeFirstSeen(app, source);
  const request = { app: app.metadata, sources: spec.sources, survey, rejections, firstSeenOf };
  const key = memoryKey(app.metadata);
  if (context.checks.isUnderWay(key, basis)) {
    return undefined;
  }
  const recollection = consult(context.memory, app, basis, spec.checks);
  if (recollection.kind === 'Known') {
    return recollection.findings;
  }
  if (recollection.kind === 'Pending') {
    return withoutAsking(context, request);
  }
  // At set times what is asked is asked then; with an interval whatever others were told within it will do.
  const maxAgeMs = spec.checks.kind === 'Interval' ? context.memory.maxAgeMs(key, spec.intervalMs) : recentMs;
  const registry = context.registry.within(maxAgeMs);
  context.checks.start(key, basis, {
    run: async (signal) => await detect({ ...context, registry }, request, signal),
    keep: (findings) =>
      context.memory.remember(key, basis, { findings, intervalMs: spec.intervalMs, asOf: registry.asOf }),
  });
  const isKnown = turns > 0 && (await context.checks.endsAtOnce(key));
  return isKnown ? await recall(context, app, { spec, survey, turns: turns - 1 }) : undefined;
}

function consult(memory: CheckMemory, app: AppObjectWire, basis: string, checks: CheckTimes): Recollection {
  const key = memoryKey(app.metadata);
  if (checks.kind === 'Interval') {
    memory.forgetTurn(key);
    const findings = memory.recall(key, basis);
    return findings ? { kind: 'Known', findings } : { kind: 'Due' };
  }
  return memory.recallAtSetTimes(key, basis, setTimesOf(checks, app.metadata.uid));
}

function setTimesOf(checks: Exclude<CheckTimes, { kind: 'Interval' }>, uid: string): SetTimes {
  return checks.kind === 'Webhook'
    ? { id: 'webhooks', next: () => undefined }
    : { id: `${uid} ${checks.text}`, next: (after) => nextTime(checks.schedule, after, uid) };
}

/** Of an answer that is as good as one of now. */
const recentMs = 4_000;

function laterBy(context: CheckContext, durationMs: number): Date {
  return new Date(context.clock.now().getTime() + durationMs);
}
