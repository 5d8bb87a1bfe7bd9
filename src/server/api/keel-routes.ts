/**
 * Keel's admin API (pkg/http), answered from the Apps, for pages and scripts that ask it. Who asks shows a token as everywhere here.
 *
 * Identifiers are Keel's: `deployment/NAMESPACE/NAME`.
 */
import type { FastifyInstance } from 'fastify';
import { isWorkloadKind, type Workload } from '../../core/workload/workload.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { type ApiContext, backendOf, callerOf } from './api-context.ts';
import type { ApiBackend } from './backend.ts';
import { placeOf } from './views.ts';

export function addKeelRoutes(scope: FastifyInstance, context: ApiContext): void {
  const hidden = { schema: { hide: true } };
  scope.get('/v1/resources', hidden, async (request) => {
    const { apps, backend } = await visible(context, request);
    return apps.flatMap((app) => resourcesOf(app, backend));
  });
  scope.get('/v1/tracked', hidden, async (request) => {
    const { apps } = await visible(context, request);
    return apps.flatMap(trackedOf);
  });
  scope.get('/v1/stats', hidden, async (request) => {
    const { updates } = await visible(context, request);
    return statsOf(updates);
  });
  scope.get<{ Querystring: Record<string, unknown> }>('/v1/audit', hidden, async (request) => {
    const { updates, apps } = await visible(context, request);
    return auditOf(updates, apps, request.query);
  });
}

interface Visible {
  readonly apps: readonly AppObjectWire[];
  readonly updates: readonly UpdateObjectWire[];
  readonly backend: ApiBackend;
}

async function visible(context: ApiContext, request: Parameters<typeof callerOf>[0]): Promise<Visible> {
  const backend = backendOf(context);
  const caller = callerOf(request);
  const apps = backend.listApps();
  const namespaces = apps.map(({ metadata }) => metadata.namespace);
  const [appsIn, updatesIn] = await Promise.all(
    ['apps', 'updates'].map((resource) =>
      context.rights.namespacesWith(caller, { verb: 'list', resource }, namespaces),
    ),
  );
  return {
    apps: apps.filter(({ metadata }) => appsIn?.(metadata.namespace)),
    updates: backend.listUpdates().filter(({ metadata }) => updatesIn?.(metadata.namespace)),
    backend,
  };
}

function resourcesOf(app: AppObjectWire, backend: ApiBackend): readonly object[] {
  const { namespace } = app.metadata;
  return (app.status?.workloads ?? []).flatMap((text) => {
    const slash = text.indexOf('/');
    const [kind, name] = [text.slice(0, slash), text.slice(slash + 1)];
    const workload = isWorkloadKind(kind) ? backend.findWorkload({ kind, namespace, name }) : undefined;
    return workload ? [resourceOf(app, workload)] : [];
  });
}

function resourceOf(app: AppObjectWire, workload: Workload): object {
  const { kind, namespace, name, labels, annotations, containers, rollout } = workload;
  return {
    provider: 'kubernetes',
    identifier: `${kind.toLowerCase()}/${namespace}/${name}`,
    name,
    namespace,
    kind: kind.toLowerCase(),
    policy: policyName(app),
    images: containers.map(({ image }) => image),
    labels,
    annotations,
    status: {
      replicas: rollout.total,
      updatedReplicas: rollout.updated,
      readyReplicas: rollout.ready,
      availableReplicas: rollout.available,
      unavailableReplicas: Math.max(0, rollout.wanted - rollout.available),
    },
  };
}

/** Keel's own name where the App has one of Keel's policies, else the kind of ours. */
function policyName({ spec }: AppObjectWire): string {
  const policies = spec.sources.flatMap((source) => placeOf(source).policy ?? []);
  const policy: Readonly<Record<string, unknown>> = policies.at(0) ?? Object.create(null);
  const keel = policy['keel'];
  const named = typeof keel === 'object' && keel !== null && 'policy' in keel ? String(keel.policy) : undefined;
  return named ?? Object.keys(policy)[0] ?? 'never';
}

function trackedOf(app: AppObjectWire): readonly object[] {
  const { spec, metadata } = app;
  return spec.sources.flatMap(({ image }) => {
    if (!image) {
      return [];
    }
    const [registry = '', ...path] = image.repository.split('/');
    return [
      {
        image: path.length === 0 ? registry : path.join('/'),
        trigger: spec.trigger === 'Webhook' ? 'default' : 'poll',
        pollSchedule: spec.schedule?.cron ?? `@every ${spec.interval ?? '5m'}`,
        provider: spec.deploy.helm ? 'helm' : 'kubernetes',
        namespace: metadata.namespace,
        policy: policyName(app),
        registry: path.length === 0 ? 'index.docker.io' : registry,
      },
    ];
  });
}

const dayMs = 86_400_000;
const maxDays = 30;

/** One entry a day, as far back as the Updates are kept. */
function statsOf(updates: readonly UpdateObjectWire[]): readonly object[] {
  const days = new Map<number, { approved: number; rejected: number; updates: number }>();
  for (const { status } of updates) {
    const at = Date.parse(status?.finishedAt ?? '');
    if (!Number.isNaN(at)) {
      const day = at - (at % dayMs);
      const known = days.get(day) ?? { approved: 0, rejected: 0, updates: 0 };
      days.set(day, {
        approved: known.approved + (status?.approvals?.length ?? 0),
        rejected: known.rejected + (status?.actions ?? []).filter(({ action }) => action === 'Reject').length,
        updates: known.updates + 1,
      });
    }
  }
  return [...days]
    .toSorted(([left], [right]) => left - right)
    .slice(-maxDays)
    .map(([day, counts]) => ({
      timestamp: day / 1_000,
      webhooksReceived: 0,
      approvalsApproved: counts.approved,
      approvalsRejected: counts.rejected,
      updates: counts.updates,
    }));
}

const defaultLimit = 100;

function auditOf(
  updates: readonly UpdateObjectWire[],
  apps: readonly AppObjectWire[],
  query: Readonly<Record<string, unknown>>,
): object {
  const whole = (name: string) => {
    const text = query[name];
    return typeof text === 'string' && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const kinds = typeof query['filter'] === 'string' && query['filter'] !== '' ? query['filter'].split(',') : undefined;
  const email = typeof query['email'] === 'string' ? query['email'].trim() : '';
  const all = [...updates.flatMap(entriesOfUpdate), ...apps.flatMap((app) => entriesOf('app', app))];
  const found = all.filter(
    (entry) =>
      (kinds === undefined || kinds.includes('*') || kinds.includes(entry.resourceKind)) &&
      (email === '' || entry.email === email),
  );
  const [limit, offset] = [whole('limit') ?? defaultLimit, whole('offset') ?? 0];
  const sorted = found.toSorted((left, right) => right.createdAt.localeCompare(left.createdAt));
  return { data: sorted.slice(offset, offset + limit), total: found.length, limit, offset };
}

interface AuditEntry {
  readonly id: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly accountId: string;
  readonly username: string;
  readonly email: string;
  readonly action: string;
  readonly resourceKind: string;
  readonly identifier: string;
  readonly message: string;
}

function entriesOfUpdate(update: UpdateObjectWire): readonly AuditEntry[] {
  const { metadata, spec, status } = update;
  const begun: AuditEntry = {
    ...entryBase(`${metadata.uid}-update`, status?.startedAt ?? metadata.creationTimestamp, spec.trigger.by),
    action: 'deployed',
    resourceKind: 'update',
    identifier: `${metadata.namespace}/${metadata.name}`,
    message: `${status?.versions ?? spec.trigger.reason}: ${status?.phase ?? 'Pending'}`,
  };
  return [begun, ...entriesOf('update', update)];
}

function entriesOf(
  resourceKind: string,
  { metadata, status }: AppObjectWire | UpdateObjectWire,
): readonly AuditEntry[] {
  return (status?.actions ?? []).map(({ action, by, at, from, reason }, index) => ({
    ...entryBase(`${metadata.uid}-${index}`, at, by),
    action: action.toLowerCase(),
    resourceKind,
    identifier: `${metadata.namespace}/${metadata.name}`,
    message: `from ${from}${reason === '' ? '' : `: ${reason}`}`,
  }));
}

function entryBase(id: string, at: string, by: string) {
  return { id, createdAt: at, updatedAt: at, accountId: '', username: by, email: by };
}
