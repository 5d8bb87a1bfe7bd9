/** What must be so before anything is changed. Pure. */
import type { Fields } from '../health/objects/fields.ts';
import { joinSome } from '../text.ts';
import { parseQuantity } from './quantity.ts';

export const preflightChecks = ['Health', 'DryRun', 'Images', 'Quota', 'DisruptionBudgets'] as const;

export type PreflightCheck = (typeof preflightChecks)[number];

export interface Preflight {
  /** Undefined: all of them; those of an App made for annotations of another updater without Health, which that did not ask for. */
  readonly checks: readonly PreflightCheck[] | undefined;
  readonly dataVersion: DataVersionCheck | undefined;
}

/** The version of the data on a volume, read by a Job of the user's. */
export interface DataVersionCheck {
  readonly template: Fields;
  /** Semver range, or `/pattern/`; `{major}`, `{minor}` and `{version}` stand for those of the new version. */
  readonly accepts: string;
  readonly timeoutMs: number;
}

/** What pods of one workload are wanted besides those that run, while it rolls out. */
export interface PodDemand {
  /** `Deployment web` */
  readonly name: string;
  readonly pods: number;
  /** Of one pod, by the name that a quota has for it: `requests.cpu`, `limits.memory`. */
  readonly amounts: ReadonlyMap<string, number>;
  readonly labels: Readonly<Record<string, string>>;
}

/** A ResourceQuota that holds for all pods of its namespace. */
export interface Quota {
  readonly name: string;
  readonly hard: Readonly<Record<string, string>>;
  readonly used: Readonly<Record<string, string>>;
}

/** Tenths of a core do not add up exactly. */
const roundingError = 1e-9;

/** Under another name of its own, a quota means the same. */
const quotaNames: Readonly<Record<string, string>> = {
  cpu: 'requests.cpu',
  memory: 'requests.memory',
  'ephemeral-storage': 'requests.ephemeral-storage',
  'count/pods': 'pods',
};

/** What of the quotas the rollout would exceed, one sentence each. All workloads surge at the same time. */
export function findQuotaProblems(quotas: readonly Quota[], demands: readonly PodDemand[]): readonly string[] {
  const wanted = new Map<string, number>();
  for (const { pods, amounts } of demands) {
    for (const [name, amount] of [['pods', 1] as const, ...amounts]) {
      wanted.set(name, (wanted.get(name) ?? 0) + pods * amount);
    }
  }
  const surging = demands.filter(({ pods }) => pods > 0).map(({ name, pods }) => `${pods} of ${name}`);
  return quotas.flatMap(({ name, hard, used }) =>
    Object.entries(hard).flatMap(([resource, limit]) => {
      const more = wanted.get(quotaNames[resource] ?? resource) ?? 0;
      const [most, now] = [parseQuantity(limit), parseQuantity(used[resource] ?? '0')];
      return more === 0 || most === undefined || now === undefined || now + more <= most * (1 + roundingError)
        ? []
        : [
            `ResourceQuota ${name} allows ${limit} ${resource}, of which ${used[resource] ?? '0'} are used; the pods that come first (${joinSome(surging, ', ')}) need ${round(more)} more`,
          ];
    }),
  );
}

function round(amount: number): string {
  return String(Number(amount.toPrecision(6)));
}

/** As the API has them. */
export interface DisruptionBudget {
  readonly name: string;
  readonly selector: LabelSelector;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

/** A budget that is not met already leaves nothing for a rollout. */
export function findBudgetProblems(
  budgets: readonly DisruptionBudget[],
  demands: readonly PodDemand[],
): readonly string[] {
  return budgets
    .filter(({ selector }) => demands.some(({ labels }) => selects(selector, labels)))
    .filter(({ currentHealthy, desiredHealthy }) => currentHealthy < desiredHealthy)
    .map(
      ({ name, currentHealthy, desiredHealthy }) =>
        `PodDisruptionBudget ${name} wants ${desiredHealthy} healthy pods, and there are ${currentHealthy}`,
    );
}

function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const fits = ({ key, operator, values }: LabelSelector['matchExpressions'][number]) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  };
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((one) => fits(one))
  );
}
