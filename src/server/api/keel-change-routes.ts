/**
 * What Keel's admin API changes: the policy of a workload, and how its images are watched. Both are annotations of the workload there
 * (pkg/http/policy_endpoint.go), so they are here, and the App that is made of them follows.
 *
 * Whoever asks needs the right to change the workload itself.
 */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { keelCron, keelKeys } from '../../core/adopt/keel.ts';
import { parseKeelName } from '../../core/policy/keel-policy.ts';
import { parseCron } from '../../core/schedule/cron.ts';
import { isWorkloadKind, type WorkloadReference, workloadKinds } from '../../core/workload/workload.ts';
import { isAdopted } from '../../resources/app/adopted-app.ts';
import { actorOf } from './action-routes.ts';
import { type ApiContext, backendOf, callerOf } from './api-context.ts';
import { Problem } from './problem.ts';

const Identifier = Type.String({ minLength: 1, maxLength: 512 });
const Provider = Type.Optional(Type.String({ maxLength: 64 }));

const PolicyChange = Type.Object({
  policy: Type.String({ maxLength: 256 }),
  identifier: Identifier,
  provider: Provider,
});

const TrackingChange = Type.Object({
  identifier: Identifier,
  trigger: Type.Enum(['default', 'poll']),
  schedule: Type.Optional(Type.String({ maxLength: 256 })),
  provider: Provider,
});

const timeoutMs = 30_000;
const updated = { status: 'updated' };

export function addKeelChangeRoutes(scope: FastifyInstance, context: ApiContext): void {
  const hidden = { schema: { hide: true } };
  scope.put('/v1/policies', hidden, async (request) => {
    const { body } = request;
    if (!Check(PolicyChange, body)) {
      throw new Problem('invalid', 'policy and identifier are needed, each a text');
    }
    if (body.policy !== '' && body.policy !== 'never') {
      parseKeelName(body.policy, 'policy');
    }
    await annotate(context, request, body, { [keelKeys.policy]: body.policy });
    return updated;
  });
  scope.put('/v1/tracked', hidden, async (request) => {
    const { body } = request;
    if (!Check(TrackingChange, body)) {
      throw new Problem('invalid', 'identifier is needed, and trigger is default or poll');
    }
    await annotate(context, request, body, trackingOf(body));
    return updated;
  });
}

/** A schedule that is not named stays as it is: Keel sets it to its own default, which its users complain of (its issue 608). */
function trackingOf({ trigger, schedule }: Static<typeof TrackingChange>): Record<string, string | null> {
  if (trigger === 'default') {
    return { [keelKeys.trigger]: null, [keelKeys.pollSchedule]: null };
  }
  if (schedule === undefined || schedule === '') {
    return { [keelKeys.trigger]: 'poll' };
  }
  // A duration of Go, as its page sends it, or what stands in the annotation.
  const written = /^[0-9]/.test(schedule) && !schedule.includes(' ') ? `@every ${schedule}` : schedule;
  parseCron(keelCron(written), 'schedule');
  return { [keelKeys.trigger]: 'poll', [keelKeys.pollSchedule]: written };
}

const resources = {
  Deployment: { group: 'apps', resource: 'deployments' },
  StatefulSet: { group: 'apps', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', resource: 'daemonsets' },
  CronJob: { group: 'batch', resource: 'cronjobs' },
} as const;

interface Asked {
  readonly identifier: string;
  readonly provider?: string | undefined;
}

async function annotate(
  context: ApiContext,
  request: Parameters<typeof actorOf>[1],
  { identifier, provider = 'kubernetes' }: Asked,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> {
  const workload = provider === 'helm' ? undefined : parseIdentifier(identifier);
  if (!workload) {
    throw new Problem('invalid', `identifier: "${identifier}" is no workload; write for example deployment/demo/web`);
  }
  const { kind, namespace, name } = workload;
  await context.rights.require(callerOf(request), { verb: 'patch', ...resources[kind], namespace, name });
  const backend = backendOf(context);
  if (!backend.findWorkload(workload)) {
    throw new Problem('not-found', `resource with identifier '${identifier}' not found`);
  }
  const owner = backend
    .listApps()
    .find((app) => app.metadata.namespace === namespace && app.status?.workloads?.includes(`${kind}/${name}`));
  if (owner && !isAdopted(owner)) {
    throw new Problem(
      'conflict',
      `App ${namespace}/${owner.metadata.name} says itself what it follows; change its spec`,
    );
  }
  const actor = actorOf(context, request, `${identifier}: ${JSON.stringify(annotations)}`);
  await backend.actions.annotate(workload, annotations, actor, AbortSignal.timeout(timeoutMs));
}

function parseIdentifier(identifier: string): WorkloadReference | undefined {
  const [written = '', namespace = '', name = '', ...rest] = identifier.split('/');
  const kind = workloadKinds.find((one) => one.toLowerCase() === written.toLowerCase());
  const isWhole = namespace !== '' && name !== '' && rest.length === 0;
  return kind !== undefined && isWorkloadKind(kind) && isWhole ? { kind, namespace, name } : undefined;
}
