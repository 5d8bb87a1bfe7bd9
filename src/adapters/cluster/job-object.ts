/** A Job as Headgate writes it from a user's template, and what its status says. */
import { findCondition, readConditions } from '../../core/health/objects/conditions.ts';
import { countAt, type Fields, fieldAt, isFields, textAt } from '../../core/health/objects/fields.ts';
import type { JobOutcome, JobRequest } from '../../engine/ports/jobs.ts';
import type { NewObject, ObjectMeta } from '../../kube/objects.ts';

export interface JobObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: Fields;
  readonly status?: Fields;
}

const forKey = 'headgate.dev/for';
const purposeLabel = 'headgate.dev/purpose';

/** For people who look for what went wrong; the Job goes with its owner at the latest. */
const keptSeconds = 7 * 86_400;

/** How much later than its deadline a Job may be said to have ended: its controller has to see it, and clocks differ. */
const graceMs = 300_000;

/** The Job of a request. Whatever the template says beyond what Headgate needs is left to the API server to judge. */
export function makeJob({ namespace, name, purpose, ...request }: JobRequest): NewObject<JobObject> {
  const { template, owner, retries, deadlineSeconds, isAway = false } = request;
  const spec = mapAt(template, 'spec');
  const deadline = countAt(spec, 'activeDeadlineSeconds', deadlineSeconds);
  return {
    metadata: {
      namespace,
      name,
      labels: {
        ...textsAt(template, 'metadata.labels'),
        'app.kubernetes.io/managed-by': 'headgate',
        [purposeLabel]: purpose,
      },
      annotations: { ...textsAt(template, 'metadata.annotations'), [forKey]: sayOwner(owner) },
      ...(!isAway && { ownerReferences: [{ ...owner }] }),
    },
    spec: {
      backoffLimit: retries,
      ...spec,
      activeDeadlineSeconds: Math.min(deadline, deadlineSeconds),
      // One that goes at once would be gone before it is looked at.
      ttlSecondsAfterFinished: Math.max(keptSeconds, countAt(spec, 'ttlSecondsAfterFinished', 0)),
      template: podTemplate(mapAt(spec, 'template'), { purpose, env: request.env }),
    },
  };
}

function podTemplate(template: Fields, { purpose, env }: Pick<JobRequest, 'purpose' | 'env'>): Fields {
  const spec = mapAt(template, 'spec');
  const withEnv = (key: 'containers' | 'initContainers') => {
    const list = spec[key];
    return Array.isArray(list) ? { [key]: list.map((one) => (isFields(one) ? containerWith(one, env) : one)) } : {};
  };
  return {
    ...template,
    metadata: {
      ...mapAt(template, 'metadata'),
      labels: { ...textsAt(template, 'metadata.labels'), [purposeLabel]: purpose },
    },
    spec: { restartPolicy: 'Never', ...spec, ...withEnv('initContainers'), ...withEnv('containers') },
  };
}

/** Ours come first, so that those of the template may refer to them as $(HEADGATE_UPDATE). */
function containerWith(container: Fields, env: JobRequest['env']): Fields {
  const own = Object.entries(env).map(([name, value]) => ({ name, value }));
  const list = container['env'];
  const others = Array.isArray(list) ? list : [];
  return { ...container, env: [...own, ...others.filter((one) => !Object.hasOwn(env, textAt(one ?? {}, 'name', '')))] };
}

/** How a Job stands by its own status; the log of one that failed is not in it. */
export function readJob(job: JobObject): Exclude<JobOutcome, { kind: 'Gone' }> {
  const read = readConditions({ ...job });
  const conditions = read.kind === 'Read' ? read.conditions : [];
  const failed = findCondition(conditions, 'Failed', 'True');
  const fields: Fields = { ...job };
  const startedAt = new Date(textAt(fields, 'status.startTime', createdAt(job)));
  if (failed) {
    const kind = failed.reason === 'DeadlineExceeded' ? 'TimedOut' : 'Failed';
    return { kind, message: `${failed.reason}: ${failed.message}`, log: '' };
  }
  if (findCondition(conditions, 'Complete', 'True')) {
    const finishedAt = new Date(textAt(fields, 'status.completionTime', startedAt.toISOString()));
    return { kind: 'Succeeded', message: '', startedAt, finishedAt };
  }
  const count = (name: string) => countAt(fields, `status.${name}`, 0);
  const message = `${count('active')} pods active, ${count('failed')} failed`;
  const deadlineMs = countAt(job.spec, 'activeDeadlineSeconds', 0) * 1_000;
  return { kind: 'Running', message, until: new Date(startedAt.getTime() + deadlineMs + graceMs) };
}

/** Whether this very owner has the Job. */
export function isOwnedBy({ metadata }: JobObject, { owner, isAway }: Pick<JobRequest, 'owner' | 'isAway'>): boolean {
  return isAway === true
    ? metadata.annotations?.[forKey] === sayOwner(owner)
    : metadata.ownerReferences?.some(({ uid }) => uid === owner.uid) === true;
}

function sayOwner({ kind, name }: JobRequest['owner']): string {
  return `${kind} ${name}`;
}

function createdAt({ metadata }: JobObject): string {
  return metadata.creationTimestamp ?? '';
}

function mapAt(fields: Fields, path: string): Fields {
  const value = fieldAt(fields, path);
  return isFields(value) ? value : {};
}

function textsAt(fields: Fields, path: string): Readonly<Record<string, string>> {
  return mapAt(fields, path) as Readonly<Record<string, string>>;
}
