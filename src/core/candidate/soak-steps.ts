/** What comes next while a set that passed its tests runs for a while: its Apps stay well, and its metrics stay within their bounds. */

import type { Outcome, TestPace } from '../app-test/app-test.ts';
import type { TestRecord } from '../app-test/test-record.ts';
import { openTest, withOutcome } from '../app-test/test-record.ts';
import { formatDuration } from '../duration.ts';
import type { TestPlan } from '../update/test-steps.ts';
import type { Trial } from './candidate.ts';
import { type CandidateSettings, type CandidateSight, type CandidateStep, end } from './candidate-step.ts';

/** @param testedAt since when it soaks */
export function soak(
  trial: Trial,
  testedAt: Date,
  { seen, settings }: { readonly seen: CandidateSight; readonly settings: CandidateSettings },
  now: Date,
): CandidateStep {
  const soakMs = trial.soaks ? settings.soakMs : 0;
  const until = new Date(testedAt.getTime() + soakMs);
  if (soakMs === 0) {
    return end('Passed', 'all tests passed');
  }
  const failed = trial.watches.find(({ verdict }) => verdict === 'Fail');
  if (failed !== undefined) {
    return end('Failed', `test ${failed.name}, while it soaked: ${failed.message}`, { inSoak: true });
  }
  const unwell = judgeHealth(trial, seen, now);
  if (unwell.kind !== 'Go') {
    return unwell.step;
  }
  if (now >= until) {
    return end('Passed', `all tests passed, and it ran well for ${formatDuration(soakMs)}`);
  }
  return (
    watchMetrics(trial, settings.watches, until, now) ??
    waitFor(trial, settings.watches, { until, lookAt: sooner(unwell.lookAt, now) })
  );
}

type HealthAnswer =
  | { readonly kind: 'Go'; readonly lookAt: Date | undefined }
  | { readonly kind: 'Stop'; readonly step: CandidateStep };

/** A pod that is moved to another node is no fault of a version; an App that stays unwell is. */
function judgeHealth({ unwellSince }: Trial, { unwell }: CandidateSight, now: Date): HealthAnswer {
  if (unwell === undefined) {
    return unwellSince === undefined
      ? { kind: 'Go', lookAt: undefined }
      : { kind: 'Stop', step: { kind: 'NoteWell', unwellSince: undefined } };
  }
  if (unwellSince === undefined) {
    return { kind: 'Stop', step: { kind: 'NoteWell', unwellSince: now } };
  }
  const until = new Date(unwellSince.getTime() + unwell.patienceMs);
  const message = `unwell for ${formatDuration(unwell.patienceMs)} while it soaked: ${unwell.message}`;
  return now >= until
    ? { kind: 'Stop', step: end('Failed', message, { inSoak: true }) }
    : { kind: 'Go', lookAt: until };
}

/** Nothing wakes a Channel when a pod restarts, and looking costs no request. */
const lookEveryMs = 15_000;

function sooner(lookAt: Date | undefined, now: Date): Date {
  const next = new Date(now.getTime() + lookEveryMs);
  return lookAt !== undefined && lookAt < next ? lookAt : next;
}

function watchMetrics(trial: Trial, watches: readonly TestPlan[], until: Date, now: Date): CandidateStep | undefined {
  for (const { name, pace } of watches) {
    const record = trial.watches.find((one) => one.name === name);
    if (record === undefined) {
      const opened = openTest(name, pace, now);
      return {
        kind: 'NoteTest',
        of: 'watches',
        record: { ...opened, nextAt: new Date(now.getTime() + pace.intervalMs) },
      };
    }
    const isDue = record.verdict === undefined && (record.nextAt === undefined || now >= record.nextAt);
    if (isDue && now < until) {
      return { kind: 'Test', of: 'watches', name };
    }
  }
  return undefined;
}

function waitFor(
  trial: Trial,
  watches: readonly TestPlan[],
  { until, lookAt }: { readonly until: Date; readonly lookAt: Date | undefined },
): CandidateStep {
  const named = trial.watches.filter(({ name }) => watches.some((one) => one.name === name));
  const times = [until, lookAt, ...named.map(({ nextAt }) => nextAt)].flatMap((time) =>
    time === undefined ? [] : [time.getTime()],
  );
  const message = 'it passed its tests; it has to run well until then';
  return { kind: 'Wait', waiting: { reason: 'Soaking', message, until }, lookAt: new Date(Math.min(...times)) };
}

/** The record of a metric after one more look: only more failures than it allows end it. */
export function watched(record: TestRecord, pace: TestPace, outcome: Outcome, now: Date): TestRecord {
  const forever = { ...pace, count: Number.MAX_SAFE_INTEGER, inconclusiveLimit: Number.MAX_SAFE_INTEGER };
  return withOutcome(record, forever, outcome, now);
}
