/** How each step changes the journal of a candidate. */
import type { TestRecord } from '../app-test/test-record.ts';
import { invariant } from '../errors.ts';
import { type Candidate, openTrial, type Trial, type TrialResult } from './candidate.ts';

export function openCandidate(
  { number, basis, apps }: Pick<Candidate, 'number' | 'basis' | 'apps'>,
  now: Date,
): Candidate {
  return { number, startedAt: now, basis, apps, trials: [], faults: [], approvals: [] };
}

export function begunTrial(
  candidate: Candidate,
  trial: Pick<Trial, 'purpose' | 'members' | 'soaks' | 'path' | 'scratch'>,
  now: Date,
): Candidate {
  const { purpose, members, soaks, path, scratch } = trial;
  const where = path && { path, scratch };
  const begun: Trial = { purpose, members, soaks, startedAt: now, ...where, tests: [], watches: [] };
  const rest = candidate.trials.map((one) => (isStillEvidence(one, begun) ? one : withoutRecords(one)));
  return { ...candidate, trials: [...rest, begun] };
}

/** What passed of the same set goes into its Release together with what is tried next. */
function isStillEvidence({ purpose, members, result }: Trial, { path, members: next }: Trial): boolean {
  return purpose === 'Release' && result?.kind === 'Passed' && path !== undefined && isSameSet(members, next);
}

export function isSameSet(members: readonly string[], others: readonly string[]): boolean {
  return members.toSorted().join('\n') === others.toSorted().join('\n');
}

/** Of a trial that is over only that is kept which a later decision or a reader may need. */
function withoutRecords(trial: Trial): Trial {
  const bad = trial.tests.filter(({ verdict }) => verdict !== 'Pass');
  return trial.tests.length === bad.length && trial.watches.length === 0
    ? trial
    : { ...trial, tests: bad, watches: [] };
}

export function changedTrial(candidate: Candidate, change: Partial<Trial>): Candidate {
  const trial = openTrial(candidate);
  invariant(trial !== undefined, `candidate ${candidate.number} has no open trial`);
  return { ...candidate, trials: candidate.trials.with(-1, { ...trial, ...change }) };
}

export function notedRecord(candidate: Candidate, of: 'tests' | 'watches', record: TestRecord): Candidate {
  const records = openTrial(candidate)?.[of] ?? [];
  const isKnown = records.some(({ name }) => name === record.name);
  const next = isKnown ? records.map((one) => (one.name === record.name ? record : one)) : [...records, record];
  return changedTrial(candidate, { [of]: next });
}

/** Nothing is left of the trials that were in a scratch namespace. */
export function clearedTrials(candidate: Candidate, now: Date): Candidate {
  const trials = candidate.trials.map((trial) => (isUncleared(trial) ? { ...trial, clearedAt: now } : trial));
  return { ...candidate, trials };
}

/** What keeps a namespace that is being removed is a matter of people by then: a finalizer whose controller is gone, for example. */
const longestRemovalMs = 10 * 60_000;

/** @param since when it began to be waited for */
export function isHanging(since: Date, now: Date): boolean {
  return now.getTime() - since.getTime() >= longestRemovalMs;
}

/** Over, and something of it may be left in its scratch namespace. */
export function isUncleared({ path, result, clearedAt }: Trial): boolean {
  return path !== undefined && result !== undefined && clearedAt === undefined;
}

export function endedTrial(candidate: Candidate, result: Omit<TrialResult, 'at'>, now: Date): Candidate {
  return changedTrial(candidate, { result: { ...result, at: now }, unwellSince: undefined });
}
