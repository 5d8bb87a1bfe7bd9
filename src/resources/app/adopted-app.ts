/** The App of a workload that has marks of another updater: what the marks ask for, as an object of the cluster. */
import { adoptedAppName } from '../../core/adopt/adopted-name.ts';
import type { Adoption, CheckTrigger, FollowedContainer } from '../../core/adopt/adoption.ts';
import { isOperationError } from '../../core/errors.ts';
import { parseRepository } from '../../core/image/reference.ts';
import type { Workload, WorkloadKind } from '../../core/workload/workload.ts';
import { adoptedFromLabel, adoptionProblemKey } from '../metadata.ts';
import type { AppSpecWire } from './app.ts';
import { isSpecAsWanted } from './app-defaults.ts';
import { type AppObjectWire, decodeApp, readAppSpec } from './decode-app.ts';

/** What is written; the API server adds the rest. */
export interface AdoptedApp {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly Owner[];
  };
  readonly spec: AppSpecWire;
}

interface Owner {
  readonly apiVersion: string;
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
}

const apiVersions: Readonly<Record<WorkloadKind, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  CronJob: 'batch/v1',
};

/**
 * The App, owned by its workload. One that cannot be understood holds still and says why: it follows nothing and carries the problems.
 *
 * @param insecureRegistries hosts that are spoken to in plain http
 */
export function adoptedAppOf(
  workload: Workload,
  adoption: Adoption,
  insecureRegistries: readonly string[],
): AdoptedApp {
  if (adoption.problems.length > 0) {
    return withProblem(workload, adoption, adoption.problems.join('; '));
  }
  const spec = specOf(workload, adoption, insecureRegistries);
  const app = { metadata: metadataOf(workload, adoption, {}), spec };
  const problem = problemOfApp(app);
  return problem === undefined ? app : withProblem(workload, adoption, problem);
}

/** Whether the App was made for a workload, and not by a person. */
export function isAdopted({ metadata }: Pick<AppObjectWire, 'metadata'>): boolean {
  return metadata.labels?.[adoptedFromLabel] !== undefined;
}

/** Whether the cluster has it already, the API server's defaults put aside. */
export function isSameApp({ metadata, spec }: AppObjectWire, wanted: AdoptedApp): boolean {
  const { labels, annotations, ownerReferences } = wanted.metadata;
  const [owner] = ownerReferences;
  return (
    isSpecAsWanted(spec, wanted.spec) &&
    Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value) &&
    metadata.annotations?.[adoptionProblemKey] === annotations[adoptionProblemKey] &&
    (owner === undefined || metadata.ownerReferences?.some(({ uid }) => uid === owner.uid) === true)
  );
}

function metadataOf(workload: Workload, { system }: Adoption, annotations: Readonly<Record<string, string>>) {
  const { kind, namespace, name, uid } = workload;
  const owner: Owner = { apiVersion: apiVersions[kind], kind, name, uid, controller: true };
  return {
    namespace,
    name: adoptedAppName(workload),
    labels: { [adoptedFromLabel]: system },
    annotations,
    ownerReferences: [owner],
  };
}

function specOf(workload: Workload, adoption: Adoption, insecureRegistries: readonly string[]): AppSpecWire {
  const { followed, locked } = adoption;
  const { kind, name } = workload;
  return {
    ...checksAndGatesOf(adoption),
    ...(locked && { suspend: true }),
    sources: followed.map((one) => sourceOf(one, adoption, insecureRegistries)),
    deploy: {
      workloads: {
        targets: [{ kind, name, containers: followed.map((one) => ({ name: one.name, source: one.name })) }],
        changeCause: true,
      },
    },
  };
}

/** When it looks, who has to approve, and who is told. */
export function checksAndGatesOf({
  trigger,
  approvals,
  notify,
  releaseNotes,
}: Pick<Adoption, 'trigger' | 'approvals' | 'notify' | 'releaseNotes'>): Pick<
  AppSpecWire,
  'schedule' | 'trigger' | 'gates' | 'notify'
> {
  return {
    ...checksOf(trigger),
    ...(approvals && {
      gates: { approvals: { required: approvals.required, deadline: `${approvals.deadlineHours}h` } },
    }),
    ...((notify || releaseNotes) && {
      notify: { ...(notify && { channels: [...notify] }), ...(releaseNotes && { releaseNotes }) },
    }),
  };
}

function checksOf(trigger: CheckTrigger): Pick<AppSpecWire, 'schedule' | 'trigger'> {
  switch (trigger.kind) {
    case 'Interval':
      return {};
    case 'Schedule':
      return { schedule: { cron: trigger.cron } };
    case 'Webhook':
      return { trigger: 'Webhook' };
  }
}

function sourceOf(
  { name, repository, policy }: FollowedContainer,
  { pullSecret }: Adoption,
  insecureRegistries: readonly string[],
): AppSpecWire['sources'][number] {
  const isInsecure = insecureRegistries.includes(registryOf(repository));
  return {
    name,
    image: {
      repository,
      policy,
      ...(isInsecure && { insecure: true }),
      ...(pullSecret !== undefined && { secretRef: { name: pullSecret } }),
    },
  };
}

/** Empty for what is no repository, which decoding then names. */
export function registryOf(repository: string): string {
  try {
    return parseRepository(repository).registry;
  } catch (error) {
    if (isOperationError(error, 'REFERENCE_INVALID')) {
      return '';
    }
    throw error;
  }
}

/** What the App's own schema and decoding do not take: too many containers, a name of a Secret that is none. */
export function problemOfApp(app: AdoptedApp): string | undefined {
  // What only the API server gives, and decoding asks for.
  const given = { uid: 'none', creationTimestamp: '1970-01-01T00:00:00Z' };
  const object = { ...app, metadata: { ...app.metadata, ...given } };
  try {
    const reading = readAppSpec(decodeApp(object, 'the App made of its annotations'));
    return reading.kind === 'Invalid' ? reading.message : undefined;
  } catch (error) {
    if (isOperationError(error, 'OBJECT_INVALID')) {
      return error.message;
    }
    throw error;
  }
}

const longestProblem = 4_096;

/** An App must have a source; this one takes nothing. */
function withProblem(workload: Workload, adoption: Adoption, problem: string): AdoptedApp {
  const { kind, name, containers } = workload;
  const [first] = containers;
  return {
    metadata: metadataOf(workload, adoption, { [adoptionProblemKey]: problem.slice(0, longestProblem) }),
    spec: {
      trigger: 'Webhook',
      sources: [{ name: first?.name ?? 'none', image: { repository: 'none', policy: { pinned: {} } } }],
      deploy: { workloads: { targets: [{ kind, name }] } },
    },
  };
}
