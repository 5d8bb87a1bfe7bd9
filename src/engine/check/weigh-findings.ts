/** What is to be done about one App, once it is known what its sources offer. */
import { type AppSpec, locationOf } from '../../core/app/app.ts';
import type { AppState } from '../../core/app/app-state.ts';
import { findRejection } from '../../core/app/rejection.ts';
import { specSource, type VersionChange } from '../../core/update/version-change.ts';
import { sayVersion } from '../../resources/app/app-status.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { decodeWaiting, hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { type Direction, directedChanges, directedStart } from '../candidate/direct-apps.ts';
import type { Survey } from '../deploy/deployer.ts';
import type { Finding } from '../detect/finding.ts';
import { findHoldFor } from '../update/start-update.ts';
import type { AppCheck, CheckContext, SourceView } from './app-check.ts';
import { memoryKey } from './check-memory.ts';
import { findUnready } from './find-unready.ts';
import { judgeData, judgeLastUpdate } from './judge-last-update.ts';
import { restState } from './rest-state.ts';
import { stateOfUnavailable } from './unavailable.ts';

type Weighing = Omit<AppCheck, 'survey' | 'update'>;

export interface Weighed {
  readonly spec: AppSpec;
  readonly findings: readonly Finding[];
  readonly last: UpdateObjectWire | undefined;
  readonly survey: Survey;
}

/** What is to be done about what the sources offer. */
export function weigh(context: CheckContext, app: AppObjectWire, seen: Weighed): Weighing {
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
    const until = nextCheckAt ?? new Date(context.clock.now().getTime() + seen.spec.intervalMs);
    return { ...base, state: stateOfUnavailable(unavailable, findings.indexOf(unavailable), until) };
  }
  return { ...base, ...decide(context, app, seen, nextCheckAt) };
}

/** What is to be started, or why nothing is. */
function decide(
  context: CheckContext,
  app: AppObjectWire,
  seen: Weighed,
  nextCheckAt: Date | undefined,
): Pick<AppCheck, 'state' | 'start' | 'startedBy'> {
  const { findings, last } = seen;
  const wanted = wantedBesides(context, app, seen.survey);
  const direction = directionFor(context, app, findings);
  const directed = direction && directedChanges(direction, findings);
  const start = [...(directed ?? changesOf(findings)), ...(wanted.change ? [wanted.change] : [])];
  if (start.length > 0) {
    const isDirected = direction !== undefined && directed !== undefined && directed.length > 0;
    return { ...ask(context, app, start), startedBy: isDirected ? directedStart(direction, start, last) : undefined };
  }
  const state =
    (direction && findDecidedElsewhere(direction, findings)) ??
    judgeLastUpdate(context, last, seen.survey) ??
    wanted.rejected ??
    pendingState(seen, nextCheckAt);
  return { start: undefined, state: state ?? restState(findings, seen.survey.notes) };
}

/** A first version is installed at once: there is nothing to go back to. */
function directionFor(
  { directions }: CheckContext,
  app: AppObjectWire,
  findings: readonly Finding[],
): Direction | undefined {
  const isInstalled = findings.some(({ current }) => current.tag !== undefined || current.digest !== undefined);
  return isInstalled ? directions.of(app) : undefined;
}

/** Something is newer, and it is not for the App to take it. */
function findDecidedElsewhere({ channel, because }: Direction, findings: readonly Finding[]): AppState | undefined {
  const newer = changesOf(findings);
  const message = `${newer.map(sayChange).join(', ')} is available; Channel ${channel} decides when it is taken (${because})`;
  return newer.length === 0 ? undefined : { kind: 'Gated', waiting: { reason: 'ChannelDecides', message } };
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
