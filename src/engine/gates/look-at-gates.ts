/** Gathers what the gates of one Update depend on. Costs no request: all of it is watched. */
import { isHurried } from '../../core/access/action-record.ts';
import type { AppSpec } from '../../core/app/app.ts';
import { type AskedVeto, judgeVerdicts } from '../../core/gates/asked-veto.ts';
import type { GateAnswer } from '../../core/gates/gate-answer.ts';
import { type GateSight, type Gates, judgeGates } from '../../core/gates/gates.ts';
import { findPolicyObjection } from '../../core/gates/policy-objection.ts';
import { readVeto } from '../../core/gates/veto.ts';
import { judgeWindows, type Window, type WindowState } from '../../core/gates/window.ts';
import type { Fields } from '../../core/health/objects/fields.ts';
import { contentHash } from '../../core/manifest/canonical.ts';
import { joinSome } from '../../core/text.ts';
import { specSource } from '../../core/update/version-change.ts';
import { sayVersion } from '../../resources/app/app-status.ts';
import { changesOf, hasEnded, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Deployers, Survey, Work } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';
import type { NamespaceGates } from '../ports/namespace-gates.ts';
import type { Records } from '../ports/records.ts';
import type { WorkloadObjects } from '../ports/workload-objects.ts';
import { findUnwell } from './find-unwell.ts';
import { lookAtPredecessors } from './look-at-predecessors.ts';
import type { OuterGates } from './outer-gates.ts';
import { askVeto, type VetoContext } from './vetoes/ask-veto.ts';

/** What holds for all Apps; settings of the controller. */
export interface GateDefaults {
  /** Deny windows hold for every App, Allow windows for those that have none of their own. */
  readonly windows: readonly Window[];
  /** Asked for every App, besides its own. */
  readonly vetoes: readonly AskedVeto[];
  /** Updates that may be under way at once; undefined: any number. */
  readonly maxUpdates: number | undefined;
  readonly maxUpdatesPerNamespace: number | undefined;
}

export interface GateContext extends VetoContext {
  readonly deployers: Deployers;
  readonly records: Records;
  readonly clock: Clock;
  readonly gateDefaults: GateDefaults;
  readonly outerGates: OuterGates;
  readonly namespaceGates: NamespaceGates;
  readonly workloadObjects: WorkloadObjects;
}

export interface GateLook {
  readonly gate: GateAnswer;
  /** Why the Update is of no use any more, although nothing was changed yet. */
  readonly obsolete: string | undefined;
}

const open: GateLook = { gate: { kind: 'Open' }, obsolete: undefined };

/**
 * Whether an Update on which nothing was done yet may begin. A person who goes back is not held up.
 *
 * @throws OperationError when what runs cannot be found out right now
 */
export async function lookAtGates(context: GateContext, work: Work, signal: AbortSignal): Promise<GateLook> {
  const { update, spec } = work;
  const app = context.records.findApp(update.metadata.namespace, update.spec.app);
  if (update.spec.trigger.kind === 'Rollback' || !spec || !app) {
    return open;
  }
  const survey = await context.deployers[spec.deploy.kind].survey(app, spec, signal);
  const annotated = [
    { by: `App ${app.metadata.name}`, annotations: app.metadata.annotations ?? {} },
    ...survey.workloads.map(({ kind, name, annotations }) => ({ by: `${kind} ${name}`, annotations })),
  ];
  const hurried = isHurried(work.journal.actions);
  const sight: GateSight = {
    brings: changesOf(update.spec).map(sayChange).join(', '),
    // By the clock that the deadline is measured on; that of the API server may differ.
    askedAt: work.journal.startedAt,
    approvals: work.journal.approvals ?? [],
    vetoes: annotated.flatMap(({ by, annotations }) => readVeto(annotations, by) ?? []),
    earlier: earlierOf(context, update),
    unwell: findUnwell({ app, spec, update }, survey),
    predecessors: lookAtPredecessors(context, update, spec.gates.after),
    queue: hurried ? undefined : queueOf(context, update),
  };
  const { namespace } = update.metadata;
  const gates = { ...spec.gates, ...(hurried ? withoutTimes : { windows: windowsOf(context, namespace, spec.gates) }) };
  const gate = shutByNamespace(context, namespace) ?? judgeGates(gates, sight, context.clock.now());
  const obsolete = findObsolete(update, survey) ?? findObjection(update, spec);
  const isOpen = gate.kind === 'Open' && obsolete === undefined;
  return {
    gate: isOpen
      ? askOutside(context, { update, survey }, [...spec.gates.vetoes, ...context.gateDefaults.vetoes])
      : gate,
    obsolete,
  };
}

/** Nobody outside is asked while something else holds the Update back. */
function askOutside(
  context: GateContext,
  { update, survey }: { readonly update: UpdateObjectWire; readonly survey: Survey },
  vetoes: readonly AskedVeto[],
): GateAnswer {
  const { metadata, spec } = update;
  const { namespace, name, uid } = metadata;
  if (vetoes.length === 0) {
    return { kind: 'Open' };
  }
  const everyMs = Math.min(...vetoes.map((veto) => veto.everyMs));
  return context.outerGates.consult({
    key: `${namespace}/${name}`,
    basis: JSON.stringify([uid, vetoes]),
    everyMs,
    ask: async (signal) => {
      const readObjects = async (inner: AbortSignal) =>
        await (survey.readObjects?.(inner) ?? readWorkloads(context, survey, inner));
      const asker = { namespace, app: spec.app, update: name, readObjects };
      const verdicts = await Promise.all(
        vetoes.map(async (veto) => ({ veto, verdict: await askVeto(context, asker, veto, signal) })),
      );
      return judgeVerdicts(verdicts, new Date(context.clock.now().getTime() + everyMs));
    },
  });
}

async function readWorkloads(
  { workloadObjects }: GateContext,
  { workloads }: Survey,
  signal: AbortSignal,
): Promise<readonly Fields[]> {
  const read = await Promise.all(workloads.map(async (workload) => await workloadObjects.read(workload, signal)));
  return read.filter((one) => one !== undefined);
}

/** Gates of an Update that a person wants now: people and vetoes still hold it up, the time does not. */
const withoutTimes = {
  windows: [],
  coolDown: { afterSuccessMs: 0, afterFailureMs: 0 },
  maxRollbacks: Number.POSITIVE_INFINITY,
} as const satisfies Partial<Gates>;

/** Whether an Update that is under way may go on; it matters where it is to be undone when the windows close. */
export function lookAtWindows(context: GateContext, { update, spec, journal }: Work): WindowState {
  const isFree = update.spec.trigger.kind === 'Rollback' || isHurried(journal.actions);
  const isBound = spec?.gates.atWindowEnd === 'Undo' && !isFree;
  return isBound
    ? judgeWindows(windowsOf(context, update.metadata.namespace, spec.gates), context.clock.now())
    : { kind: 'Open', closesAt: undefined };
}

/** The text that an Update keeps of what it was decided on. */
export function basisOf(survey: Pick<Survey, 'basis'>): string {
  return contentHash(survey.basis);
}

/** Deny windows of all hold; Allow windows of the nearest that has any: App, namespace, cluster. */
function windowsOf(
  { gateDefaults, namespaceGates }: GateContext,
  namespace: string,
  { windows }: Gates,
): readonly Window[] {
  const ofNamespace = namespaceGates.windowsOf(namespace);
  const levels = [windows, ofNamespace.kind === 'Known' ? ofNamespace.windows : [], gateDefaults.windows];
  const nearest = levels.find((level) => level.some(({ kind }) => kind === 'Allow'));
  return levels.flatMap((level) => level.filter(({ kind }) => kind === 'Deny' || level === nearest));
}

/** What cannot be read may say no. */
/** That they can be read by now is no change that anybody tells. */
const lookAgainMs = 30_000;

function shutByNamespace({ namespaceGates, clock }: GateContext, namespace: string): GateAnswer | undefined {
  const read = namespaceGates.windowsOf(namespace);
  const lookAt = new Date(clock.now().getTime() + lookAgainMs);
  return read.kind === 'Known'
    ? undefined
    : { kind: 'Shut', waiting: { reason: 'Window', message: read.because }, lookAt };
}

function earlierOf({ records, clock }: GateContext, { metadata, spec }: UpdateObjectWire): GateSight['earlier'] {
  return records
    .listUpdates(metadata.namespace, spec.app)
    .filter((update) => update.spec.sequence < spec.sequence)
    .map((update) => {
      const { phase, finishedAt } = journalOf(update, clock.now());
      return { name: update.metadata.name, phase, finishedAt };
    });
}

/** The narrower limit that is reached, or the one that is nearest to it. */
function queueOf({ records, gateDefaults }: GateContext, update: UpdateObjectWire): GateSight['queue'] {
  const { namespace } = update.metadata;
  const { maxUpdates, maxUpdatesPerNamespace } = gateDefaults;
  const limits = [
    ...(maxUpdatesPerNamespace === undefined
      ? []
      : [{ limit: maxUpdatesPerNamespace, where: `namespace ${namespace}`, of: [namespace] }]),
    ...(maxUpdates === undefined ? [] : [{ limit: maxUpdates, where: 'the cluster', of: undefined }]),
  ];
  const queues = limits.map(({ limit, where, of }) => {
    const others = records.listOpenUpdates().filter(({ metadata }) => of?.includes(metadata.namespace) ?? true);
    return { limit, where, ahead: others.filter((other) => isBefore(other, update)).length };
  });
  return queues.find(({ ahead, limit }) => ahead >= limit) ?? queues[0];
}

/** One that has changed something is before all that have not; of those, the older. All replicas agree. */
function isBefore(other: UpdateObjectWire, update: UpdateObjectWire): boolean {
  if (other.metadata.uid === update.metadata.uid || hasEnded(other)) {
    return false;
  }
  if ((other.status?.phase ?? 'Pending') !== 'Pending') {
    return true;
  }
  // One that is held by a gate of its own keeps no other waiting.
  const reason = other.status?.waiting?.reason;
  const isHeld = reason !== undefined && reason !== 'UpdateLimit';
  return !isHeld && placeOf(other) < placeOf(update);
}

function placeOf({ metadata }: UpdateObjectWire): string {
  return `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`;
}

function findObsolete(update: UpdateObjectWire, survey: Survey): string | undefined {
  const { basis } = update.spec;
  return basis !== undefined && basis !== basisOf(survey)
    ? 'what runs has changed since this Update was asked for'
    : undefined;
}

/** What a person has named is taken whatever the policy says. */
function findObjection({ spec: { trigger, changes } }: UpdateObjectWire, { sources }: AppSpec): string | undefined {
  const objections = changesOf({ changes }).flatMap(({ source: name, from, to }) => {
    const source = sources.find((one) => one.name === name);
    const policy = source !== undefined && 'policy' in source ? source.policy : undefined;
    const objection = policy && findPolicyObjection(policy, { from: from.tag, to: to.tag });
    return objection === undefined ? [] : [`${name} ${to.tag} ${objection}, as the policy is by now`];
  });
  return trigger.kind === 'Source' && objections.length > 0 ? joinSome(objections, '; ') : undefined;
}

function sayChange({ source, to }: ReturnType<typeof changesOf>[number]): string {
  return source === specSource ? 'what spec.deploy asks for' : `${source} ${sayVersion(to)}`;
}
