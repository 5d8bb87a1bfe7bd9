/**
 * One look at one App: what runs, what is newer, what keeps it from moving; and the start of an Update where nothing does.
 */
import type { AppSpec } from '../../core/app/app.ts';
import type { AppState } from '../../core/app/app-state.ts';
import { type BoundContainer, bindContainers } from '../../core/app/bind-containers.ts';
import { type Claim, findConflict } from '../../core/app/claims.ts';
import { isOperationError } from '../../core/errors.ts';
import { joinSome } from '../../core/text.ts';
import type { Version, VersionChange } from '../../core/update/journal.ts';
import type { Workload } from '../../core/workload/workload.ts';
import { type AppObjectWire, decodeAppSpec } from '../../resources/decode-app.ts';
import { hasEnded, type UpdateObjectWire } from '../../resources/decode-update.ts';
import type { CheckMemory } from './check-memory.ts';
import { type DetectContext, detect, type Finding } from '../detect/detect-image.ts';
import { judgeLastUpdate } from './judge-last-update.ts';
import type { Records } from '../ports/records.ts';
import type { Workloads } from '../ports/workloads.ts';
import { findHoldFor } from '../update/start-update.ts';

export interface CheckContext extends DetectContext {
  readonly workloads: Workloads;
  readonly records: Records;
  readonly memory: CheckMemory;
}

/** What one source shows in the App's status. */
export interface SourceView {
  readonly name: string;
  readonly current: Version;
  readonly available: Version | undefined;
}

export interface AppCheck {
  readonly state: AppState;
  readonly sources: readonly SourceView[];
  readonly workloads: readonly Workload[];
  /** Name of the open Update, or of the last one. */
  readonly update: string | undefined;
  /** The change to start an Update with, once the status is written. */
  readonly start: readonly VersionChange[] | undefined;
  readonly nextCheckAt: Date | undefined;
}

/**
 * Checks one App. Reads registries only when its interval has passed or something it depends on has changed.
 *
 * Whatever is wrong with the App or the world is an answer, not an error.
 */
export async function checkApp(context: CheckContext, app: AppObjectWire, signal: AbortSignal): Promise<AppCheck> {
  const nothing = { sources: [], workloads: [], update: undefined, start: undefined, nextCheckAt: undefined };
  const spec = readSpec(app);
  if (typeof spec === 'string') {
    return { ...nothing, state: { kind: 'Invalid', message: spec } };
  }
  const { namespace, name } = app.metadata;
  const binding = bindContainers(spec, context.workloads.list(namespace));
  const workloads = [...new Set(binding.containers.map((one) => one.workload))];
  const last = context.records.listUpdates(namespace, name).at(0);
  const known = { ...nothing, workloads, update: last?.metadata.name };
  const blocked = findBlock(context, app, binding.problems, workloads);
  if (blocked) {
    return { ...known, state: blocked, nextCheckAt: laterBy(context, spec.intervalMs) };
  }
  if (spec.suspend) {
    return { ...known, state: { kind: 'Suspended' } };
  }
  const findings = await recall(context, app, { spec, containers: binding.containers }, signal);
  return { ...known, ...weigh(context, app, { spec, findings, last, workloads }) };
}

function readSpec(app: AppObjectWire): AppSpec | string {
  try {
    return decodeAppSpec(app);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return error.message;
    }
    throw error;
  }
}

function findBlock(
  context: CheckContext,
  app: AppObjectWire,
  problems: readonly string[],
  workloads: readonly Workload[],
): AppState | undefined {
  if (problems.length > 0) {
    return { kind: 'Blocked', reason: 'TargetNotFound', message: joinSome(problems, '; ') };
  }
  const mine = claimOf(app, workloads);
  const conflict = findConflict(mine, otherClaims(context, app, workloads));
  return conflict === undefined ? undefined : { kind: 'Blocked', reason: 'TargetConflict', message: conflict };
}

function claimOf({ metadata }: AppObjectWire, workloads: readonly Workload[]): Claim {
  return { app: metadata.name, createdAt: new Date(metadata.creationTimestamp), workloads };
}

/** What the other Apps of the namespace claim of these workloads; more need not be known of them. */
function otherClaims(context: CheckContext, app: AppObjectWire, workloads: readonly Workload[]): Claim[] {
  const { namespace, name } = app.metadata;
  const others = context.records.listApps(namespace).filter((other) => other.metadata.name !== name);
  return others.flatMap((other) => {
    const spec = readSpec(other);
    if (typeof spec === 'string') {
      return [];
    }
    const claimed = bindContainers(spec, workloads).containers.map((one) => one.workload);
    return claimed.length === 0 ? [] : [claimOf(other, claimed)];
  });
}

/** The findings of the last check while nothing they depend on has changed, else new ones. */
async function recall(
  context: CheckContext,
  app: AppObjectWire,
  asked: { readonly spec: AppSpec; readonly containers: readonly BoundContainer[] },
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const rejections = context.records.listRejections(app.metadata.namespace);
  const images = asked.containers.map((one) => `${one.workload.uid}/${one.container.name}=${one.container.image}`);
  const { uid, generation } = app.metadata;
  const basis = JSON.stringify([uid, generation, images, rejections.map((one) => [one.app, one.digest])]);
  const remembered = context.memory.recall(memoryKey(app.metadata), basis);
  if (remembered) {
    return remembered;
  }
  const findings = await detect(context, { app: app.metadata, rejections, ...asked }, signal);
  context.memory.remember(memoryKey(app.metadata), basis, { findings, intervalMs: asked.spec.intervalMs });
  return findings;
}

/** Under which an App's checks are remembered, and forgotten when it is gone. */
export function memoryKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

interface Weighed {
  readonly spec: AppSpec;
  readonly findings: readonly Finding[];
  readonly last: UpdateObjectWire | undefined;
  readonly workloads: readonly Workload[];
}

function weigh(context: CheckContext, app: AppObjectWire, seen: Weighed): Omit<AppCheck, 'workloads' | 'update'> {
  const { findings, last } = seen;
  const sources = findings.map(viewOf);
  const nextCheckAt = context.memory.dueAt(memoryKey(app.metadata));
  const base = { sources, nextCheckAt, start: undefined };
  if (last && !hasEnded(last)) {
    return { ...base, state: { kind: 'Updating', message: `Update ${last.metadata.name} is under way` } };
  }
  const unavailable = findings.find((finding) => finding.kind === 'Unavailable');
  if (unavailable) {
    const until = nextCheckAt ?? laterBy(context, seen.spec.intervalMs);
    return { ...base, state: stateOf(unavailable, findings.indexOf(unavailable), until) };
  }
  const start = changesOf(findings);
  if (start.length > 0) {
    const hold = findHoldFor(context, app, start);
    const message = `${start.map((change) => `${change.source} ${change.to.tag}`).join(', ')} is available`;
    return hold
      ? { ...base, state: { kind: 'Held', ...hold } }
      : { ...base, start, state: { kind: 'Updating', message } };
  }
  return { ...base, state: judgeLastUpdate(context, last, seen.workloads) ?? restState(findings) };
}

/** Names the field whose value is to be corrected, if the registry is not to blame. */
function stateOf({ error }: Extract<Finding, { kind: 'Unavailable' }>, index: number, until: Date): AppState {
  if (error.code === 'POLICY_INVALID') {
    return { kind: 'Invalid', message: `spec.sources[${index}].image.policy: ${error.message}` };
  }
  const usual = error.code === 'SECRET_INVALID' ? 'certSecretRef' : 'repository';
  const message = `spec.sources[${index}].image.${error.context['field'] ?? usual}: ${error.message}`;
  const reason = error.code === 'SECRET_NOT_FOUND' ? 'TargetNotFound' : 'RegistryUnavailable';
  return { kind: 'Unavailable', reason, message, until };
}

function changesOf(findings: readonly Finding[]): VersionChange[] {
  return findings.flatMap((finding) =>
    finding.kind === 'Newer'
      ? [
          {
            source: finding.source.name,
            repository: finding.source.repositoryText,
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
  };
}

/** What is said when nothing is to be done. */
function restState(findings: readonly Finding[]): AppState {
  const sayings = findings.map((finding) => {
    const current = finding.current.tag ?? finding.current.digest ?? 'an unknown version';
    switch (finding.kind) {
      case 'Rejected':
        return `${finding.source.name} stays on ${current}: ${finding.tag} was rejected by ${finding.rejection.author} (${finding.rejection.reason})`;
      case 'Nothing':
        return `${finding.source.name} stays on ${current}: ${finding.message}`;
      default:
        return `${finding.source.name} ${current} is the newest version that the policy allows`;
    }
  });
  const rejected = findings.some((finding) => finding.kind === 'Rejected');
  return { kind: rejected ? 'VersionRejected' : 'UpToDate', message: sayings.join('; ') };
}

function laterBy(context: CheckContext, durationMs: number): Date {
  return new Date(context.clock.now().getTime() + durationMs);
}
