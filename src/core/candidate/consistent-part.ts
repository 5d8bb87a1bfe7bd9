/** Which of some new versions may go together, by what the Channel says and by what was learned. */
import type { MemberRequirement } from '../channel/channel.ts';
import { fitsCluster } from '../chart/chart-fit.ts';
import { type CandidateApp, versionsIn } from './candidate.ts';

export interface Constraints {
  readonly apps: readonly CandidateApp[];
  readonly requires: readonly MemberRequirement[];
  /** Combinations that failed, of versions that are good without each other. */
  readonly barred: readonly Barred[];
  /** Version of the test cluster, e.g. `v1.34.1`. */
  readonly kubernetes: string;
}

export interface Barred {
  readonly parts: readonly { readonly app: string; readonly digests: readonly string[] }[];
  readonly reason: string;
}

export interface ConsistentPart {
  /** In the order in which they were given. */
  readonly members: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly app: string;
  readonly reason: string;
}

/**
 * Leaves out, one after the other, what is in conflict; what is in conflict without any new version stays so.
 *
 * @param members Apps that shall run their new version
 */
export function consistentPart(members: readonly string[], constraints: Constraints): ConsistentPart {
  let rest = members;
  const leftOut: LeftOut[] = [];
  for (let conflict = findConflict(rest, constraints); conflict; conflict = findConflict(rest, constraints)) {
    const { app, reason } = conflict;
    leftOut.push({ app, reason });
    rest = rest.filter((one) => one !== app);
  }
  return { members: rest, leftOut };
}

/** The first, and which member has to give way. */
function findConflict(members: readonly string[], constraints: Constraints): LeftOut | undefined {
  for (const requirement of constraints.requires) {
    const reason = findUnmet(requirement, members, constraints);
    const app = reason && chooseOut(requirement, members, constraints);
    if (reason && app) {
      return { app, reason };
    }
  }
  const barred = constraints.barred.find(({ parts }) => parts.every((part) => isThere(part, members, constraints)));
  const app = members.findLast((one) => barred?.parts.some((part) => part.app === one));
  return barred && app !== undefined ? { app, reason: barred.reason } : undefined;
}

/** The one whose leaving mends it: rather the one that needs something than the one that is needed. */
function chooseOut(
  requirement: MemberRequirement,
  members: readonly string[],
  constraints: Constraints,
): string | undefined {
  const named = [requirement.app, requirement.needs.app].filter((one) => one !== undefined && members.includes(one));
  const mends = (out: string | undefined) =>
    findUnmet(
      requirement,
      members.filter((one) => one !== out),
      constraints,
    ) === undefined;
  return named.find(mends) ?? named[0];
}

/** Why it is not met; undefined: it is. */
function findUnmet(
  { app, version, needs, kubernetes }: MemberRequirement,
  members: readonly string[],
  constraints: Constraints,
): string | undefined {
  const own = tagOf(app, members, constraints);
  if (own === undefined || (version !== undefined && !fitsCluster(version, own))) {
    return undefined;
  }
  if (kubernetes !== undefined && !fitsCluster(kubernetes, constraints.kubernetes)) {
    return `${app} ${own} needs Kubernetes ${kubernetes}, and this is ${constraints.kubernetes}`;
  }
  if (needs.app === undefined || needs.version === undefined) {
    return undefined;
  }
  const other = tagOf(needs.app, members, constraints);
  return other !== undefined && fitsCluster(needs.version, other)
    ? undefined
    : `${app} ${own} needs ${needs.app} ${needs.version}, and ${other === undefined ? 'it is no App of this Channel' : `that would be ${other}`}`;
}

/** The version of an App is the tag of its first source that has one. */
function tagOf(name: string, members: readonly string[], { apps }: Constraints): string | undefined {
  const app = apps.find((one) => one.name === name);
  return app && versionsIn({ members }, app).find(({ tag }) => tag !== undefined)?.tag;
}

function isThere(
  { app, digests }: Barred['parts'][number],
  members: readonly string[],
  { apps }: Constraints,
): boolean {
  const found = apps.find(({ name }) => name === app);
  const running = new Set(found && versionsIn({ members }, found).map(({ digest }) => digest));
  return digests.length > 0 && digests.every((digest) => running.has(digest));
}
