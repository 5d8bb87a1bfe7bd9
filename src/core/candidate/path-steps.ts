/** What comes next in a trial in a scratch namespace until all Apps run there what they shall. */
import { formatDuration } from '../duration.ts';
import { joinSome } from '../text.ts';
import type { Trial } from './candidate.ts';
import {
  type CandidateSettings,
  type CandidateSight,
  type CandidateStep,
  end,
  type Standing,
} from './candidate-step.ts';
import { sayPath, type TrialPath } from './trial-path.ts';

/**
 * One App that fails there is not blamed by itself: it may need what is only in the test cluster, which is known once what ran before was
 * tried on the same path. One that does not get there speaks against nobody.
 */
export function arriveOnPath(
  trial: Trial,
  path: TrialPath,
  { seen, settings }: { readonly seen: CandidateSight; readonly settings: CandidateSettings },
  now: Date,
): CandidateStep {
  const all = [...seen.standings];
  const say = (some: typeof all) => `${sayStage(trial, path)}: ${sayStandings(some)}`;
  const bad = all.filter(([, { kind }]) => kind === 'Rejected');
  if (bad.length > 0) {
    return end(isBasing(trial, path) ? 'Unclear' : 'Failed', say(bad));
  }
  const waiting = all.filter(([, { kind }]) => kind !== 'Arrived');
  if (waiting.length === 0) {
    return { kind: isBasing(trial, path) ? 'NoteBased' : 'NoteArrived' };
  }
  const until = new Date(trial.startedAt.getTime() + settings.pathTimeoutMs);
  if (now >= until) {
    // Also where they cannot even be put there: the namespace may never be had.
    return end('Unclear', `${say(waiting)}; that is not so within ${formatDuration(settings.pathTimeoutMs)}`);
  }
  return waiting.some(([, { kind }]) => kind === 'Absent')
    ? { kind: 'Install' }
    : { kind: 'Wait', waiting: { reason: 'CandidateRollout', message: say(waiting), until } };
}

/** Whether the older Release is put in place yet. */
export function isBasing({ basedAt }: Pick<Trial, 'basedAt'>, path: TrialPath): boolean {
  return path.kind === 'Upgrade' && basedAt === undefined;
}

function sayStage(trial: Trial, path: TrialPath): string {
  return isBasing(trial, path) && path.kind === 'Upgrade' ? `${sayPath(path)}, ${path.from} itself` : sayPath(path);
}

export function sayStandings(standings: readonly (readonly [string, Standing])[]): string {
  return joinSome(
    standings.map(([app, standing]) => `${app}: ${sayStanding(standing)}`),
    '; ',
  );
}

function sayStanding(standing: Standing): string {
  if ('message' in standing) {
    return standing.message;
  }
  return standing.kind === 'Absent' ? 'could not be put there' : 'is there';
}

/** A result names the path that it is about. */
export function namingPath(step: CandidateStep, path: TrialPath | undefined): CandidateStep {
  return step.kind === 'EndTrial' && path !== undefined
    ? { ...step, result: { ...step.result, message: `${sayPath(path)}: ${step.result.message}` } }
    : step;
}
