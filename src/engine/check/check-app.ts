/**
 * One look at one App: what runs, what is newer, what keeps it from moving; and the start of an Update where nothing does.
 */
import { type AppSpec, type CheckTimes, locationOf } from '../../core/app/app.ts';
import type { AppState } from '../../core/app/app-state.ts';
import { findRejection } from '../../core/app/rejection.ts';
import type { PassedOver } from '../../core/policy/passed-over.ts';
import type { FirstSeen } from '../../core/policy/requirements.ts';
import { nextTime } from '../../core/schedule/next-time.ts';
import { joinSome } from '../../core/text.ts';
import { specSource, type Version, type VersionChange } from '../../core/update/version-change.ts';
import { sayVersion } from '../../resources/app-status.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/decode-app.ts';
import { decodeWaiting, hasEnded, type UpdateObjectWire } from '../../resources/decode-update.ts';
import { decodeFirstSeen } from '../../resources/first-seen.ts';
import type { Deployers, Survey } from '../deploy/deployer.ts';
import { type DetectContext, detect, withoutAsking } from '../detect/detect.ts';
import type { Finding } from '../detect/finding.ts';
import type { Records } from '../ports/records.ts';
import type { SharedRegistry } from '../ports/registry.ts';
import { findHoldFor } from '../update/start-update.ts';
import type { CheckMemory, Recollection, SetTimes } from './check-memory.ts';
import { findUnready } from './find-unready.ts';
import { judgeData, judgeLastUpdate } from './judge-last-update.ts';
import { restState } from './rest-state.ts';
import type { RunningChecks } from './running-checks.ts';
import { stateOfUnavailable } from './unavailable.ts';

export interface CheckContext extends DetectContext {
  readonly registry: SharedRegistry;
  readonly checks: RunningChecks;
  readonly deployers: Deployers;
  readonly records: Records;
  readonly memory: CheckMemory;
}

/** What one source shows in the App's status. */
export interface SourceView {
  readonly name: string;
  readonly current: Version;
  readonly available: Version | undefined;
  /** Undefined where nobody looked. */
  readonly firstSeen?: readonly FirstSeen[] | undefined;
  /** Undefined where nobody looked. */
  readonly passedOver?: PassedOver | undefined;
}

export interface AppCheck {
  readonly state: AppState;
  readonly sources: readonly SourceView[];
  /** Undefined where the App was not even looked at. */
  readonly survey: Survey | undefined;
  /** Name of the open Update, or of the last one. */
  readonly update: string | undefined;
  /** The change to start an Update with, once the status is written. */
  readonly start: readonly VersionChange[] | undefined;
  readonly nextCheckAt: Date | undefined;
}

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
  const findings = recall(context, app, { spec: spec.value, survey });
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

/** The findings of the last check while nothing they depend on has changed; else a new one is begun. */
function recall(
  context: CheckContext,
  app: AppObjectWire,
  { spec, survey }: { readonly spec: AppSpec; readonly survey: Survey },
): readonly Finding[] | undefined {
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
  return undefined;
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

/** Under which an App's checks are remembered, and forgotten when it is gone. */
export function memoryKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

interface Weighed {
  readonly spec: AppSpec;
  readonly findings: readonly Finding[];
  readonly last: UpdateObjectWire | undefined;
  readonly survey: Survey;
}

function weigh(context: CheckContext, app: AppObjectWire, seen: Weighed): Omit<AppCheck, 'survey' | 'update'> {
  const { findings, last } = seen;
  const sources = findings.map(viewOf);
  const nextCheckAt = context.memory.dueAt(memoryKey(app.metadata));
  const base = { sources, nextCheckAt, start: undefined };
  if (last && !hasEnded(last)) {
    return { ...base, state: stateOfOpen(last) };
  }
  const halted = judgeData(last);
  if (halted) {
    return { ...base, state: halted };
  }
  const unavailable = findings.find((finding) => finding.kind === 'Unavailable');
  if (unavailable) {
    const until = nextCheckAt ?? laterBy(context, seen.spec.intervalMs);
    return { ...base, state: stateOfUnavailable(unavailable, findings.indexOf(unavailable), until) };
  }
  const wanted = wantedBesides(context, app, seen.survey);
  const start = [...changesOf(findings), ...(wanted.change ? [wanted.change] : [])];
  if (start.length > 0) {
    return { ...base, ...ask(context, app, start) };
  }
  const state = judgeLastUpdate(context, last, seen.survey) ?? wanted.rejected ?? pendingState(seen, nextCheckAt);
  return { ...base, state: state ?? restState(findings, seen.survey.notes) };
}

/** Whether an Update may be asked for; its gates are its own affair. */
function ask(
  context: CheckContext,
  app: AppObjectWire,
  start: readonly VersionChange[],
): Pick<AppCheck, 'state' | 'start'> {
  const message = `${start.map(sayChange).join(', ')} is available`;
  const unready = findUnready(context.records, app);
  if (unready !== undefined) {
    return {
      start: undefined,
      state: { kind: 'Blocked', reason: 'DependencyNotReady', message: `${message}, but ${unready}` },
    };
  }
  const hold = findHoldFor(context, app, start);
  return hold
    ? { start: undefined, state: { kind: 'Held', ...hold } }
    : { start, state: { kind: 'Updating', message } };
}

/** One that may not begin yet tells why in the App too, because that is where people look. */
export function stateOfOpen({ metadata, status }: UpdateObjectWire): AppState {
  const waiting = status?.phase === 'Pending' && status.waiting ? decodeWaiting(status.waiting) : undefined;
  return waiting
    ? { kind: 'Gated', waiting: { ...waiting, message: `${waiting.message} (Update ${metadata.name})` } }
    : { kind: 'Updating', message: `Update ${metadata.name} is under way` };
}

function pendingState({ findings, spec }: Weighed, until: Date | undefined): AppState | undefined {
  if (!findings.some((finding) => finding.kind === 'NotAsked')) {
    return undefined;
  }
  const current = findings.map((finding) => `${finding.source.name} ${sayVersion(finding.current)}`).join(', ');
  const when =
    spec.checks.kind === 'Schedule'
      ? `the sources are looked at by schedule ${spec.checks.text}`
      : 'a webhook is waited for';
  return { kind: 'CheckPending', message: `${current} runs; ${when}`, until };
}

interface Wanted {
  readonly change?: VersionChange;
  readonly rejected?: AppState;
}

/** What is to be put in place although no source has anything newer; it too may have been rejected. */
function wantedBesides(context: CheckContext, app: AppObjectWire, { pending }: Survey): Wanted {
  if (!pending) {
    return {};
  }
  const rejections = context.records.listRejections(app.metadata.namespace);
  const rejection = findRejection(rejections, app.metadata, pending.to.digest, context.clock.now());
  return rejection
    ? {
        rejected: {
          kind: 'VersionRejected',
          message: `what spec.deploy asks for was rejected by ${rejection.author} (${rejection.reason}); change it, or delete Rejection ${rejection.name}`,
        },
      }
    : { change: pending };
}

function sayChange({ source, to }: VersionChange): string {
  return source === specSource ? 'what spec.deploy asks for' : `${source} ${sayVersion(to)}`;
}

function changesOf(findings: readonly Finding[]): VersionChange[] {
  return findings.flatMap((finding) =>
    finding.kind === 'Newer'
      ? [
          {
            source: finding.source.name,
            repository: locationOf(finding.source),
            from: finding.current,
            to: finding.version,
          },
        ]
      : [],
  );
}

function viewOf(finding: Finding): SourceView {
  return {
    name: finding.source.name,
    current: finding.current,
    available: finding.kind === 'Newer' ? finding.version : undefined,
    firstSeen: 'firstSeen' in finding ? finding.firstSeen : undefined,
    passedOver: 'passedOver' in finding ? finding.passedOver : undefined,
  };
}

function laterBy(context: CheckContext, durationMs: number): Date {
  return new Date(context.clock.now().getTime() + durationMs);
}
