/** The record of one test within an Update, and how each attempt changes it. Pure; a verdict that is written never changes. */
import { formatDuration } from '../duration.ts';
import type { Outcome, TestPace } from './app-test.ts';

export const verdicts = ['Pass', 'Fail', 'Inconclusive'] as const;

export type TestVerdict = (typeof verdicts)[number];

export interface TestRecord {
  readonly name: string;
  readonly startedAt: Date;
  readonly finishedAt?: Date;
  /** Absent while it goes on. */
  readonly verdict?: TestVerdict;
  readonly message: string;
  /** Attempts that have ended. */
  readonly attempts: number;
  readonly passed: number;
  readonly failed: number;
  readonly inconclusive: number;
  /** When the next attempt may begin. */
  readonly nextAt?: Date;
  /** SHA-256 of what the last attempt wrote or was answered. */
  readonly logDigest?: string;
  /** The attempt under way, where it outlives the process: its name outside. */
  readonly run?: { readonly id: string; readonly startedAt: Date };
  /** Who took an inconclusive test for good. */
  readonly acceptedBy?: string;
}

/** A test of which nothing was tried yet. */
export function openTest(name: string, pace: TestPace, now: Date): TestRecord {
  const nextAt = new Date(now.getTime() + pace.initialDelayMs);
  return { name, startedAt: now, nextAt, message: '', attempts: 0, passed: 0, failed: 0, inconclusive: 0 };
}

/** Until when it must have a verdict. */
export function deadlineOf(record: TestRecord, { timeoutMs }: TestPace): Date {
  return new Date(record.startedAt.getTime() + timeoutMs);
}

/** The record after one more attempt. */
export function withOutcome(record: TestRecord, pace: TestPace, outcome: Outcome, now: Date): TestRecord {
  const { run: _, ...before } = record;
  const counted: TestRecord = {
    ...before,
    message: outcome.message,
    attempts: record.attempts + 1,
    passed: record.passed + (outcome.kind === 'Pass' ? 1 : 0),
    failed: record.failed + (outcome.kind === 'Fail' ? 1 : 0),
    inconclusive: record.inconclusive + (outcome.kind === 'Inconclusive' ? 1 : 0),
    nextAt: new Date(now.getTime() + pace.intervalMs),
    ...(outcome.logDigest === undefined ? {} : { logDigest: outcome.logDigest }),
  };
  const verdict = verdictOf(counted, pace);
  return verdict === undefined ? counted : closed(counted, verdict, outcome.message, now);
}

function verdictOf({ passed, failed, inconclusive }: TestRecord, pace: TestPace): TestVerdict | undefined {
  if (failed > pace.failureLimit) {
    return 'Fail';
  }
  if (inconclusive > pace.inconclusiveLimit) {
    return 'Inconclusive';
  }
  const counted = pace.counts === 'All' ? passed + failed + inconclusive : passed;
  return counted >= pace.count ? 'Pass' : undefined;
}

/** Time is up without a verdict: an attempt that failed speaks against the version, one that could not be made does not. */
export function timedOut(record: TestRecord, pace: TestPace, now: Date): TestRecord {
  const said = record.message === '' ? '' : `; last: ${record.message}`;
  const verdict = record.failed > 0 ? 'Fail' : record.attempts > 0 ? 'Inconclusive' : pace.late;
  return closed(record, verdict, `no verdict within ${formatDuration(pace.timeoutMs)}${said}`, now);
}

function closed(record: TestRecord, verdict: TestVerdict, message: string, now: Date): TestRecord {
  const { nextAt: _, run: __, ...rest } = record;
  const finishedAt = now < record.startedAt ? record.startedAt : now;
  return { ...rest, verdict, message, finishedAt };
}

/** Inconclusive, and nobody took it for good yet. */
export function asksPerson({ verdict, acceptedBy }: TestRecord): boolean {
  return verdict === 'Inconclusive' && acceptedBy === undefined;
}
