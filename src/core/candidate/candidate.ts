/** A candidate: new versions of the Apps of a Channel on their way to a Release, and what was tried of them. Its journal is in the Channel's status. */
import type { TestRecord } from '../app-test/test-record.ts';
import type { Approval } from '../gates/approval.ts';
import type { Version } from '../update/version-change.ts';
import type { TrialPath } from './trial-path.ts';

export interface Candidate {
  /** Counts the candidates of the Channel. */
  readonly number: number;
  readonly startedAt: Date;
  /** Hash of the definitions of its Apps; with others it would be another candidate. */
  readonly basis: string;
  /** All Apps of the Channel, also those that stay. */
  readonly apps: readonly CandidateApp[];
  /** Oldest first; at most the last one is open. */
  readonly trials: readonly Trial[];
  readonly faults: readonly Fault[];
  readonly approvals: readonly Approval[];
  /** Name of the Release that was made of it. */
  readonly release?: string | undefined;
}

export interface CandidateApp {
  readonly name: string;
  /** What ran when the candidate began. */
  readonly from: readonly SourceVersion[];
  /** Undefined: it stays. */
  readonly to: readonly SourceVersion[] | undefined;
}

export interface SourceVersion extends Version {
  readonly source: string;
}

/**
 * What a trial is for. `Release`: what passes it is released. `Search`: who is to blame. `Return`: the test cluster goes back, and nothing
 * is tried.
 */
export type TrialPurpose = 'Release' | 'Search' | 'Return';

/** Some of the new versions, all at once in the test cluster. */
export interface Trial {
  readonly purpose: TrialPurpose;
  /** Apps that run their new version; the others run what they ran before. */
  readonly members: readonly string[];
  /** Whether it has to run for a while once the tests have passed. */
  readonly soaks: boolean;
  readonly startedAt: Date;
  /** Undefined: in the test cluster itself. Others are in a scratch namespace, and leave the test cluster as it is. */
  readonly path?: TrialPath | undefined;
  /** Its namespace. */
  readonly scratch?: string | undefined;
  /** Since when the older Release runs there. */
  readonly basedAt?: Date | undefined;
  /** What the Apps' own tests came to there. */
  readonly appTests?: readonly AppTestRecord[] | undefined;
  /** Since when nothing of it is left there. */
  readonly clearedAt?: Date | undefined;
  /** Since when all Apps run what they shall, each having passed its own tests. */
  readonly arrivedAt?: Date | undefined;
  /** Of the Channel. */
  readonly tests: readonly TestRecord[];
  /** Since when all tests have passed. */
  readonly testedAt?: Date | undefined;
  /** Metrics that are watched while it soaks. */
  readonly watches: readonly TestRecord[];
  readonly unwellSince?: Date | undefined;
  readonly result?: TrialResult | undefined;
}

/** A test of an App that passed in a scratch namespace. */
export interface AppTestRecord {
  /** `app/test` */
  readonly name: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly logDigest?: string | undefined;
}

export interface TrialResult {
  /** Unclear: what was tried could not tell, which speaks against nobody. */
  readonly kind: 'Passed' | 'Failed' | 'Unclear';
  readonly at: Date;
  readonly message: string;
  /** Apps whose own Update went back; empty where only all of them together fail. */
  readonly blames: readonly string[];
  readonly inSoak: boolean;
}

/** New versions that must not be released: one alone, or several that do not go together. */
export interface Fault {
  readonly apps: readonly string[];
  readonly reason: string;
}

export type CandidateOutcome = 'Released' | 'Rejected' | 'Unclear';

/** Apps that have a new version, in the order of the candidate. */
export function changedApps({ apps }: Pick<Candidate, 'apps'>): readonly string[] {
  return apps.filter(({ to }) => to !== undefined).map(({ name }) => name);
}

/** What an App shall run while a trial is on. */
export function versionsIn(
  { members }: Pick<Trial, 'members'>,
  { name, from, to }: CandidateApp,
): readonly SourceVersion[] {
  return members.includes(name) ? (to ?? from) : from;
}

/** What the test cluster itself runs, or is on its way to. */
export function trialInPlace({ trials }: Pick<Candidate, 'trials'>): Trial | undefined {
  return trials.findLast(({ path }) => path === undefined);
}

export function openTrial({ trials }: Pick<Candidate, 'trials'>): Trial | undefined {
  const last = trials.at(-1);
  return last?.result === undefined ? last : undefined;
}
