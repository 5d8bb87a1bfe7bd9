/** From what the cluster has to what the API answers. */
import type { Rejection } from '../../core/app/rejection.ts';
import { readVeto } from '../../core/gates/veto.ts';
import { assessWorkload } from '../../core/health/assess.ts';
import { isWorkloadKind, type Workload } from '../../core/workload/workload.ts';
import type { SourceWire } from '../../resources/app/app.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { sayWhy } from '../../resources/say-why.ts';
import { hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { ApiBackend } from './backend.ts';
import { stateOf } from './glance.ts';
import type { App, AppSummary, Resource, Update, UpdateSummary } from './schemas.ts';

/** @param last the last Update of the App */
export function summarizeApp(app: AppObjectWire, last: UpdateObjectWire | undefined): AppSummary {
  const { metadata, spec, status } = app;
  const hold = readVeto(metadata.annotations ?? {}, `App ${metadata.name}`);
  return {
    ...identityOf(app),
    labels: metadata.labels ?? {},
    state: stateOf(app, last),
    ready: status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown',
    suspended: spec.suspend ?? false,
    ...(hold && {
      hold: { by: hold.by, reason: hold.reason, ...(hold.until && { until: hold.until.toISOString() }) },
    }),
    deploy: Object.keys(spec.deploy)[0] ?? '',
    current: status?.current ?? '',
    available: status?.available ?? '',
    ...(status?.waiting && { waiting: status.waiting }),
    ...(last && { update: glimpseOf(last) }),
  };
}

function glimpseOf(update: UpdateObjectWire): NonNullable<AppSummary['update']> {
  const { name, phase, open, startedAt, finishedAt, waiting } = summarizeUpdate(update);
  return {
    name,
    phase,
    open,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(waiting && { waiting }),
  };
}

export function showApp(app: AppObjectWire, backend: ApiBackend): App {
  const { metadata, spec, status } = app;
  const updates = backend.updatesOf(metadata.namespace, metadata.name);
  return {
    ...summarizeApp(app, updates[0]),
    why: sayWhy(app, updates[0]),
    actions: status?.actions ?? [],
    annotations: metadata.annotations ?? {},
    ...(metadata.generation !== undefined && { generation: metadata.generation }),
    conditions: status?.conditions ?? [],
    sources: spec.sources.map((source) => {
      const told = status?.sources?.find(({ name }) => name === source.name);
      return {
        ...placeOf(source),
        name: source.name,
        ...(told?.current && { current: told.current }),
        ...(told?.available && { available: told.available }),
      };
    }),
    resources: resourcesOf(app, backend).map(({ podSelector: _, ...resource }) => resource),
    history: updates.map(summarizeUpdate),
    checkpoints: checkpointsOf(updates),
    ...(status?.drill && { drill: status.drill }),
    spec: { ...spec },
  };
}

/** An Update that took over from another goes by the other's backup, which counts once. */
function checkpointsOf(updates: readonly UpdateObjectWire[]): App['checkpoints'] {
  return updates.flatMap(({ metadata, status }) => {
    const { checkpoint } = status ?? {};
    return checkpoint?.id === metadata.name ? [{ update: metadata.name, ...checkpoint }] : [];
  });
}

export type ResourceWithPods = Resource & { readonly podSelector?: string };

/** What the status of an App names, with the health of workloads from watched copies. */
export function resourcesOf({ metadata, status }: AppObjectWire, backend: ApiBackend): readonly ResourceWithPods[] {
  return (status?.workloads ?? []).map((text) => resourceOf(text, metadata.namespace, backend));
}

/** @param text `Kind/name`, as the App's status has it */
function resourceOf(text: string, namespace: string, backend: ApiBackend): ResourceWithPods {
  const slash = text.indexOf('/');
  const [kind, name] = [text.slice(0, slash), text.slice(slash + 1)];
  const base = { kind, namespace, name };
  const workload = isWorkloadKind(kind) ? backend.findWorkload({ kind, namespace, name }) : undefined;
  return workload ? { ...base, ...viewOfWorkload(workload) } : { ...base, health: 'Unknown' };
}

export function viewOfWorkload(workload: Workload): Omit<ResourceWithPods, 'kind' | 'namespace' | 'name'> {
  const health = assessWorkload(workload, [], new Map());
  const { podSelector } = workload;
  const { wanted, updated, ready, available } = workload.rollout;
  return {
    health: health.kind,
    ...('message' in health && { message: health.message }),
    ...(workload.kind !== 'CronJob' && { replicas: { wanted, updated, ready, available } }),
    images: workload.containers.map(({ name, image, init }) => ({ container: name, image, init })),
    ...(podSelector !== undefined && { podSelector }),
  };
}

export interface SourcePlace {
  readonly kind: string;
  readonly location: string;
  readonly policy?: Record<string, unknown>;
}

/** Where a source's versions come from. Addresses are told without what may be a password. */
export function placeOf({ image, chart, git, artifact, folder }: SourceWire): SourcePlace {
  if (image) {
    return { kind: 'image', location: image.repository, policy: { ...image.policy } };
  }
  if (chart) {
    const location = bare(`${chart.repository}${chart.name === undefined ? '' : ` ${chart.name}`}`);
    return { kind: 'chart', location, ...(chart.policy && { policy: { ...chart.policy } }) };
  }
  if (git) {
    return { kind: 'git', location: bare(git.url), ...(git.tag && { policy: { ...git.tag } }) };
  }
  if (artifact) {
    return { kind: 'artifact', location: bare(artifact.repository) };
  }
  return { kind: 'folder', location: folder?.path ?? '' };
}

function bare(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*:[^/@]*@/i, '$1');
}

export function summarizeUpdate(update: UpdateObjectWire): UpdateSummary {
  const { spec, status } = update;
  const took = tookMs(status?.startedAt, status?.finishedAt);
  return {
    ...identityOf(update),
    app: spec.app,
    sequence: spec.sequence,
    phase: status?.phase ?? 'Pending',
    open: !hasEnded(update),
    trigger: spec.trigger,
    changes: spec.changes,
    ...(status?.waiting && { waiting: status.waiting }),
    ...(status?.failure && { failure: status.failure }),
    ...(status?.startedAt !== undefined && { startedAt: status.startedAt }),
    ...(status?.finishedAt !== undefined && { finishedAt: status.finishedAt }),
    ...(took !== undefined && { tookMs: took }),
    approvals: status?.approvals ?? [],
  };
}

export function showUpdate(update: UpdateObjectWire): Update {
  const { spec, status } = update;
  const plan = planOf(status);
  return {
    ...summarizeUpdate(update),
    actions: status?.actions ?? [],
    steps: (status?.steps ?? []).map((step) => {
      const took = tookMs(step.startedAt, step.finishedAt);
      return { ...step, ...(took !== undefined && { tookMs: took }) };
    }),
    conditions: status?.conditions ?? [],
    ...(plan && { plan }),
    ...(spec.restore && { restore: spec.restore }),
    ...(spec.supersedes !== undefined && { supersedes: spec.supersedes }),
    tests: status?.tests ?? [],
    ...(status?.checkpoint && { checkpoint: status.checkpoint }),
    ...(status?.dataRestore && { dataRestore: status.dataRestore }),
  };
}

function planOf(status: UpdateObjectWire['status']): Record<string, unknown> | undefined {
  const { workloads, helm, patch, manifests, git } = status ?? {};
  const parts = Object.entries({ workloads, helm, patch, manifests, git }).filter(([, part]) => part !== undefined);
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}

export function showRejection({ expiresAt, app, tag, ...rejection }: Rejection) {
  return {
    ...rejection,
    ...(app !== undefined && { app }),
    ...(tag !== undefined && { tag }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  };
}

function tookMs(startedAt: string | undefined, finishedAt: string | undefined): number | undefined {
  return startedAt === undefined || finishedAt === undefined
    ? undefined
    : Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt));
}

interface AnyObject {
  readonly metadata: AppObjectWire['metadata'];
  readonly spec: object;
  readonly status?: object | undefined;
}

/** An object of a kind that needs no words of its own. */
export function showObject(object: AnyObject) {
  const { metadata, spec, status } = object;
  return {
    ...identityOf(object),
    labels: metadata.labels ?? {},
    spec: { ...spec },
    ...(status && { status: { ...status } }),
  };
}

function identityOf({ metadata }: Pick<AppObjectWire, 'metadata'>) {
  const { namespace, name, uid, resourceVersion = '', creationTimestamp } = metadata;
  return { namespace, name, uid, resourceVersion, createdAt: creationTimestamp };
}
