/**
 * Keel's annotations and labels (keel `types/types.go`, `provider/kubernetes`, `internal/policy`), with its precedence:
 * a policy comes with its settings from the annotations or, as a whole, from the labels; approvals and the pull secret from
 * the labels first; schedule, channels and release notes from the annotations only.
 */
import { OperationError } from '../errors.ts';
import { parseKeelName } from '../policy/keel-policy.ts';
import { parseCron } from '../schedule/cron.ts';
import type { Adoption, CheckTrigger, FollowedContainer, MarkedWorkload } from './adoption.ts';
import { attempt, type Marks, nameFilter, taggedImage, valueInAnyCase, valueUnder } from './marks.ts';

export const keelKeys = {
  policy: 'keel.sh/policy',
  legacyPolicy: 'keel.observer/policy',
  matchTag: 'keel.sh/matchTag',
  legacyMatchTag: 'keel.sh/match-tag',
  matchPreRelease: 'keel.sh/matchPreRelease',
  trigger: 'keel.sh/trigger',
  pollSchedule: 'keel.sh/pollSchedule',
  approvals: 'keel.sh/approvals',
  approvalDeadline: 'keel.sh/approvalDeadline',
  notify: 'keel.sh/notify',
  releaseNotes: 'keel.sh/releaseNotes',
  imagePullSecret: 'keel.sh/imagePullSecret',
  initContainers: 'keel.sh/initContainers',
  monitorContainers: 'keel.sh/monitorContainers',
} as const;

export interface KeelSettings {
  /** For `trigger: poll` without a schedule of its own. Keel's own default is `@every 1m`. */
  readonly defaultSchedule: string;
}

const defaultDeadlineHours = 24;
const mostVotes = 100;
/** A year, as for every duration of an App. */
const longestDeadlineHours = 8_760;

/** Undefined when Keel would leave the workload alone. */
export function readKeel(workload: MarkedWorkload, settings: KeelSettings): Adoption | undefined {
  const written = writtenPolicy(workload);
  if (written === undefined || written.policy === '' || written.policy === 'never') {
    return undefined;
  }
  const problems: string[] = [];
  const { annotations, labels } = workload;
  attempt(problems, () => parseKeelName(written.policy, keelKeys.policy));
  const followed = attempt(problems, () => follow(workload, written)) ?? [];
  return {
    system: 'keel',
    problems,
    followed,
    trigger: attempt(problems, () => triggerOf(annotations, labels, settings)) ?? { kind: 'Webhook' },
    locked: false,
    pullSecret: labelFirst(annotations, labels, keelKeys.imagePullSecret) || undefined,
    approvals: attempt(problems, () => approvalsOf(annotations, labels)),
    notify: channelsOf(annotations),
    releaseNotes: annotations[keelKeys.releaseNotes] || undefined,
  };
}

export interface WrittenKeelPolicy {
  readonly policy: string;
  readonly matchTag: boolean;
  readonly matchPreRelease: boolean;
}

function writtenPolicy({ annotations, labels }: MarkedWorkload): WrittenKeelPolicy | undefined {
  return policyIn(annotations) ?? policyIn(labels);
}

function policyIn(marks: Marks): WrittenKeelPolicy | undefined {
  const policy = valueUnder(marks, keelKeys.policy, keelKeys.legacyPolicy);
  return policy === undefined
    ? undefined
    : {
        policy,
        matchTag: valueUnder(marks, keelKeys.matchTag, keelKeys.legacyMatchTag) === 'true',
        matchPreRelease: (valueUnder(marks, keelKeys.matchPreRelease) ?? 'true') === 'true',
      };
}

function follow(
  { annotations, labels, containers }: MarkedWorkload,
  { policy, matchTag, matchPreRelease }: WrittenKeelPolicy,
): readonly FollowedContainer[] {
  const key = keelKeys.monitorContainers;
  const isMonitored = nameFilter(labelFirst(annotations, labels, key), key);
  const withInit = labelFirst(annotations, labels, keelKeys.initContainers) === 'true';
  const followed = containers
    .filter((container) => isMonitored(container.name) && (withInit || !container.init))
    .flatMap((container) => {
      const image = taggedImage(container);
      const { name } = container;
      return image
        ? [{ name, repository: image.repository, policy: { keel: { policy, matchTag, matchPreRelease } } }]
        : [];
    });
  if (followed.length === 0) {
    const names = containers.map((container) => container.name).join(', ');
    throw invalid(key, `no container with a tag is followed; the containers are ${names}`);
  }
  return followed;
}

function triggerOf(annotations: Marks, labels: Marks, settings: KeelSettings): CheckTrigger {
  if ((annotations[keelKeys.trigger] ?? labels[keelKeys.trigger]) !== 'poll') {
    return { kind: 'Webhook' };
  }
  const cron = keelCron(annotations[keelKeys.pollSchedule] ?? settings.defaultSchedule);
  parseCron(cron, keelKeys.pollSchedule);
  return { kind: 'Schedule', cron };
}

/** Keel's cron library takes five fields for six without the day of the week; everywhere else they begin with the minute. */
export function keelCron(text: string): string {
  const fields = text.trim().split(/\s+/);
  return fields.length === 5 && !text.trim().startsWith('@') ? `${fields.join(' ')} *` : text.trim();
}

function approvalsOf(annotations: Marks, labels: Marks): Adoption['approvals'] {
  const required = wholeNumber(annotations, labels, { key: keelKeys.approvals, most: mostVotes }) ?? 0;
  const deadline = wholeNumber(annotations, labels, { key: keelKeys.approvalDeadline, most: longestDeadlineHours });
  return required === 0 ? undefined : { required, deadlineHours: deadline ?? defaultDeadlineHours };
}

function wholeNumber(
  annotations: Marks,
  labels: Marks,
  { key, most }: { readonly key: string; readonly most: number },
): number | undefined {
  const text = labels[key] ?? annotations[key];
  if (text === undefined) {
    return undefined;
  }
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) {
    throw invalid(key, `"${text.slice(0, 64)}" is not a whole number from 0 to ${most}`);
  }
  return value;
}

function channelsOf(annotations: Marks): readonly string[] | undefined {
  const text = annotations[keelKeys.notify];
  const channels = text
    ?.split(',')
    .map((channel) => channel.trim())
    .filter((channel) => channel !== '');
  return channels === undefined || channels.length === 0 ? undefined : channels;
}

function labelFirst(annotations: Marks, labels: Marks, key: string): string | undefined {
  return valueInAnyCase(labels, key) ?? valueInAnyCase(annotations, key);
}

function invalid(key: string, problem: string): OperationError {
  return new OperationError(`${key}: ${problem}`, { code: 'OBJECT_INVALID', retry: 'never', context: { field: key } });
}
