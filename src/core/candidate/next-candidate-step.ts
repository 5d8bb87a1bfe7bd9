/** Decides what comes next on the way of a candidate to a Release. Pure; the engine does it, writes the journal, and asks again. */
import { asksPerson } from '../app-test/test-record.ts';
import { joinSome } from '../text.ts';
import { judgeTests } from '../update/test-steps.ts';
import {
  type Candidate,
  type CandidateOutcome,
  changedApps,
  openTrial,
  type Trial,
  type TrialResult,
  trialInPlace,
} from './candidate.ts';
import { type CandidateSettings, type CandidateSight, type CandidateStep, end } from './candidate-step.ts';
import { findGuilty } from './find-guilty.ts';
import { arriveOnPath, namingPath, sayStandings } from './path-steps.ts';
import { soak } from './soak-steps.ts';
import { isHanging, isSameSet, isUncleared } from './transitions.ts';
import { isSamePath, type TrialPath } from './trial-path.ts';

/** A test that says this and that must not keep the test cluster for ever. */
export const mostTrials = 60;

/** A set is released only after a trial of exactly that set has passed as the last thing that was done. */
export function nextCandidateStep(
  candidate: Candidate,
  seen: CandidateSight,
  settings: CandidateSettings,
  now: Date,
): CandidateStep {
  const uncleared = candidate.trials.filter(isUncleared);
  if (uncleared.length > 0) {
    const isStuck = uncleared.every(({ result }) => isHanging(result?.at ?? now, now));
    return { kind: isStuck ? 'LeaveBehind' : 'Clear' };
  }
  if (candidate.release !== undefined) {
    return { kind: 'End', outcome: 'Released', message: `released as ${candidate.release}` };
  }
  const trial = openTrial(candidate);
  return trial ? goOn(trial, seen, settings, now) : afterTrials(candidate, seen, settings);
}

function goOn(trial: Trial, seen: CandidateSight, settings: CandidateSettings, now: Date): CandidateStep {
  if (!seen.isSameDefinition && trial.purpose !== 'Return') {
    return end('Unclear', 'the definition of an App was changed while it was tried');
  }
  const { path } = trial;
  if (trial.arrivedAt === undefined) {
    return path === undefined ? arrive(trial, seen) : arriveOnPath(trial, path, { seen, settings }, now);
  }
  if (trial.purpose === 'Return') {
    return end('Passed', 'all Apps run what they ran before');
  }
  return trial.testedAt === undefined
    ? namingPath(test(trial, settings, now), path)
    : namingPath(soak(trial, trial.testedAt, { seen, settings }, now), path);
}

function arrive({ members }: Trial, { standings }: CandidateSight): CandidateStep {
  const all = [...standings];
  const bad = all.filter(([app, { kind }]) => kind === 'Rejected' && members.includes(app));
  if (bad.length > 0) {
    return end('Failed', sayStandings(bad), { blames: bad.map(([app]) => app) });
  }
  const waiting = all.filter(([, { kind }]) => kind !== 'Arrived');
  if (waiting.length === 0) {
    return { kind: 'NoteArrived' };
  }
  const isStuck = waiting.every(([, { kind }]) => kind === 'Stuck' || kind === 'Rejected');
  return { kind: 'Wait', waiting: { reason: isStuck ? 'Person' : 'CandidateRollout', message: sayStandings(waiting) } };
}

function test(trial: Trial, { tests }: CandidateSettings, now: Date): CandidateStep {
  const answer = judgeTests(tests, trial.tests, now);
  const asking = trial.tests.filter(asksPerson);
  if (answer.kind === 'Failed') {
    return end('Failed', answer.message);
  }
  if (answer.kind === 'Passed') {
    return { kind: 'NoteTested' };
  }
  const { step } = answer;
  switch (step.kind) {
    case 'Relapse':
      return { kind: 'Wait', waiting: { reason: 'Testing', message: step.message } };
    case 'Wait':
      return asking.length > 0 && step.waiting.reason === 'TestInconclusive'
        ? end(
            'Unclear',
            joinSome(
              asking.map(({ name, message }) => `test ${name}: ${message}`),
              '; ',
            ),
          )
        : step;
    default:
      return { ...step, of: 'tests' };
  }
}

/** The last trial has its result. */
function afterTrials(candidate: Candidate, seen: CandidateSight, settings: CandidateSettings): CandidateStep {
  const { gate } = seen;
  const { trials } = candidate;
  const alive = aliveOf(candidate, settings);
  const last = trials.at(-1);
  if (last === undefined) {
    return beginRelease(alive);
  }
  if (last.purpose === 'Return') {
    return { kind: 'End', ...verdictOf(candidate, alive, { seen, settings }) };
  }
  const blamed = last.result?.blames.find((app) => alive.includes(app));
  if (blamed !== undefined) {
    return { kind: 'Blame', fault: { apps: [blamed], reason: last.result?.message ?? '' } };
  }
  if (!seen.isSameDefinition || findExpired(seen) !== undefined) {
    return goBack(candidate, alive, { seen, settings });
  }
  if (!isRunning(trialInPlace(candidate), alive)) {
    return goFurther(candidate, alive, { seen, settings }, undefined);
  }
  const path = settings.paths.find((one) => !hasPassed(trials, alive, one));
  if (path === undefined) {
    return gate.kind === 'Shut' ? { kind: 'Wait', waiting: gate.waiting, lookAt: gate.lookAt } : { kind: 'Release' };
  }
  return goFurther(candidate, alive, { seen, settings }, path);
}

interface Sight {
  readonly seen: CandidateSight;
  readonly settings: CandidateSettings;
}

/** Nobody approved it in time. */
function findExpired({ gate }: CandidateSight): string | undefined {
  const isExpired = gate.kind === 'Shut' && gate.waiting.reason === 'ApprovalExpired';
  return isExpired ? gate.waiting.message : undefined;
}

function beginRelease(members: readonly string[]): CandidateStep {
  return { kind: 'BeginTrial', purpose: 'Release', members, soaks: true };
}

/** Those of the new versions that may be released yet. */
function aliveOf(candidate: Candidate, { consistent }: CandidateSettings): readonly string[] {
  const out = new Set(candidate.faults.flatMap(({ apps }) => apps));
  return consistent(changedApps(candidate).filter((app) => !out.has(app)));
}

/** Whether the test cluster runs exactly this set, which passed there. */
function isRunning(trial: Trial | undefined, alive: readonly string[]): boolean {
  return trial !== undefined && isPassed(trial, alive);
}

function isPassed({ purpose, members, result }: Trial, alive: readonly string[]): boolean {
  return purpose === 'Release' && result?.kind === 'Passed' && isSameSet(members, alive);
}

function hasPassed(trials: readonly Trial[], alive: readonly string[], path: TrialPath): boolean {
  return trials.some((trial) => isSamePath(trial.path, path) && isPassed(trial, alive));
}

/** @param path on which it did not pass yet */
function goFurther(
  candidate: Candidate,
  alive: readonly string[],
  sight: Sight,
  path: TrialPath | undefined,
): CandidateStep {
  const { settings } = sight;
  const isHopeless = alive.length === 0 && changedApps(candidate).length > 0;
  const known = latestResult(candidate.trials, { members: alive, path, soaked: false });
  if (isHopeless || known?.kind === 'Unclear' || candidate.trials.length >= mostTrials) {
    return goBack(candidate, alive, sight);
  }
  if (known?.kind !== 'Failed') {
    return path === undefined
      ? beginRelease(alive)
      : { kind: 'BeginTrial', purpose: 'Release', members: alive, soaks: false, path };
  }
  const { inSoak: soaked } = known;
  const search = findGuilty(alive, (tried) =>
    verdictFor(candidate, { members: settings.consistent(tried), path, soaked }),
  );
  switch (search.kind) {
    case 'Try': {
      const members = settings.consistent(search.members);
      return latestResult(candidate.trials, { members, path, soaked: false })?.kind === 'Unclear'
        ? goBack(candidate, alive, sight)
        : { kind: 'BeginTrial', purpose: 'Search', members, soaks: soaked, ...(path && { path }) };
    }
    case 'Guilty':
      return { kind: 'Blame', fault: { apps: search.members, reason: reasonOf(candidate, search.members, known) } };
    case 'Nobody':
      return goBack(candidate, alive, sight);
  }
}

/** What was said of the smallest set that failed with all of them in it. */
function reasonOf({ trials }: Candidate, guilty: readonly string[], known: TrialResult): string {
  const failed = trials.filter(
    ({ members, result }) => result?.kind === 'Failed' && guilty.every((one) => members.includes(one)),
  );
  const smallest = failed.toSorted((left, right) => left.members.length - right.members.length)[0];
  return smallest?.result?.message ?? known.message;
}

interface Tried {
  readonly members: readonly string[];
  readonly path: TrialPath | undefined;
  /** What passed without running for a while does not count. */
  readonly soaked: boolean;
}

function verdictFor({ trials }: Candidate, tried: Tried): 'Passed' | 'Failed' | undefined {
  const result = latestResult(trials, tried);
  return result === undefined || result.kind === 'Unclear' ? undefined : result.kind;
}

function latestResult(trials: readonly Trial[], { members, path, soaked }: Tried): TrialResult | undefined {
  return trials.findLast(
    (trial) =>
      trial.purpose !== 'Return' &&
      isSamePath(trial.path, path) &&
      isSameSet(trial.members, members) &&
      (trial.soaks || !soaked || trial.result?.kind !== 'Passed'),
  )?.result;
}

/** The test cluster runs what it ran before; then it is over. */
function goBack(candidate: Candidate, alive: readonly string[], sight: Sight): CandidateStep {
  return trialInPlace(candidate)?.members.length === 0
    ? { kind: 'End', ...verdictOf(candidate, alive, sight) }
    : { kind: 'BeginTrial', purpose: 'Return', members: [], soaks: false };
}

function verdictOf(
  candidate: Candidate,
  alive: readonly string[],
  { seen, settings: { consistent, paths } }: Sight,
): { readonly outcome: CandidateOutcome; readonly message: string } {
  const { faults, trials } = candidate;
  const expired = findExpired(seen);
  if (
    expired !== undefined &&
    trials.some(({ purpose, result }) => purpose === 'Release' && result?.kind === 'Passed')
  ) {
    return { outcome: 'Rejected', message: expired };
  }
  if (alive.length === 0 && faults.length > 0) {
    const said = faults.map(({ apps, reason }) => `${apps.join(' with ')}: ${reason}`);
    return { outcome: 'Rejected', message: joinSome(said, '; ') };
  }
  const none = { members: consistent([]), soaked: false };
  const before = [undefined, ...paths]
    .map((path) => latestResult(trials, { ...none, path }))
    .find((result) => result?.kind === 'Failed');
  if (before !== undefined) {
    return {
      outcome: 'Unclear',
      message: `what ran before fails too, so that no new version is to blame: ${before.message}`,
    };
  }
  const last = trials.findLast(({ result }) => result?.kind === 'Failed' || result?.kind === 'Unclear');
  const enough = trials.length >= mostTrials ? `no set passed in ${trials.length} trials; ` : '';
  return { outcome: 'Unclear', message: `${enough}${last?.result?.message ?? 'its new versions do not go together'}` };
}
