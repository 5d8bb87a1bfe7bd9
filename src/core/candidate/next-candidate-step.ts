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
} from './candidate.ts';
import {
  type CandidateSettings,
  type CandidateSight,
  type CandidateStep,
  end,
  type Standing,
} from './candidate-step.ts';
import { findGuilty } from './find-guilty.ts';
import { soak } from './soak-steps.ts';

/** A test that says this and that must not keep the test cluster for ever. */
export const mostTrials = 60;

/** A set is released only after a trial of exactly that set has passed as the last thing that was done. */
export function nextCandidateStep(
  candidate: Candidate,
  seen: CandidateSight,
  settings: CandidateSettings,
  now: Date,
): CandidateStep {
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
  if (trial.arrivedAt === undefined) {
    return arrive(trial, seen);
  }
  if (trial.purpose === 'Return') {
    return end('Passed', 'all Apps run what they ran before');
  }
  return trial.testedAt === undefined
    ? test(trial, settings, now)
    : soak(trial, trial.testedAt, { seen, settings }, now);
}

function arrive({ members }: Trial, { standings }: CandidateSight): CandidateStep {
  const all = [...standings];
  const bad = all.filter(([app, { kind }]) => kind === 'Rejected' && members.includes(app));
  if (bad.length > 0) {
    const message = joinSome(
      bad.map(([app, standing]) => `${app}: ${sayStanding(standing)}`),
      '; ',
    );
    return end('Failed', message, { blames: bad.map(([app]) => app) });
  }
  const waiting = all.filter(([, { kind }]) => kind !== 'Arrived');
  if (waiting.length === 0) {
    return { kind: 'NoteArrived' };
  }
  const message = joinSome(
    waiting.map(([app, standing]) => `${app}: ${sayStanding(standing)}`),
    '; ',
  );
  const isStuck = waiting.every(([, { kind }]) => kind === 'Stuck' || kind === 'Rejected');
  return { kind: 'Wait', waiting: { reason: isStuck ? 'Person' : 'CandidateRollout', message } };
}

function sayStanding(standing: Standing): string {
  return standing.kind === 'Arrived' ? 'is there' : standing.message;
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
  if (isReleasable(last, alive)) {
    return gate.kind === 'Shut' ? { kind: 'Wait', waiting: gate.waiting, lookAt: gate.lookAt } : { kind: 'Release' };
  }
  return goFurther(candidate, alive, { seen, settings });
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

function isReleasable({ purpose, members, result }: Trial, alive: readonly string[]): boolean {
  return purpose === 'Release' && result?.kind === 'Passed' && keyOf(members) === keyOf(alive);
}

function goFurther(candidate: Candidate, alive: readonly string[], sight: Sight): CandidateStep {
  const { settings } = sight;
  const isHopeless = alive.length === 0 && changedApps(candidate).length > 0;
  const known = latestResult(candidate.trials, alive, false);
  if (isHopeless || known?.kind === 'Unclear' || candidate.trials.length >= mostTrials) {
    return goBack(candidate, alive, sight);
  }
  if (known?.kind !== 'Failed') {
    return beginRelease(alive);
  }
  const search = findGuilty(alive, (members) => verdictFor(candidate, settings.consistent(members), known.inSoak));
  switch (search.kind) {
    case 'Try':
      return isUnclear(candidate, settings.consistent(search.members))
        ? goBack(candidate, alive, sight)
        : { kind: 'BeginTrial', purpose: 'Search', members: settings.consistent(search.members), soaks: known.inSoak };
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

function isUnclear({ trials }: Candidate, members: readonly string[]): boolean {
  return latestResult(trials, members, false)?.kind === 'Unclear';
}

function verdictFor(
  { trials }: Candidate,
  members: readonly string[],
  inSoak: boolean,
): 'Passed' | 'Failed' | undefined {
  const result = latestResult(trials, members, inSoak);
  return result === undefined || result.kind === 'Unclear' ? undefined : result.kind;
}

/** @param soaked whether what passed without running for a while does not count */
function latestResult(trials: readonly Trial[], members: readonly string[], soaked: boolean): TrialResult | undefined {
  const key = keyOf(members);
  return trials.findLast(
    ({ purpose, members: tried, soaks, result }) =>
      purpose !== 'Return' && keyOf(tried) === key && (soaks || !soaked || result?.kind !== 'Passed'),
  )?.result;
}

/** The test cluster runs what it ran before; then it is over. */
function goBack(candidate: Candidate, alive: readonly string[], sight: Sight): CandidateStep {
  return candidate.trials.at(-1)?.members.length === 0
    ? { kind: 'End', ...verdictOf(candidate, alive, sight) }
    : { kind: 'BeginTrial', purpose: 'Return', members: [], soaks: false };
}

function verdictOf(
  candidate: Candidate,
  alive: readonly string[],
  { seen, settings: { consistent } }: Sight,
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
  const before = latestResult(trials, consistent([]), false);
  if (before?.kind === 'Failed') {
    return {
      outcome: 'Unclear',
      message: `what ran before fails too, so that no new version is to blame: ${before.message}`,
    };
  }
  const last = trials.findLast(({ result }) => result?.kind === 'Failed' || result?.kind === 'Unclear');
  const enough = trials.length >= mostTrials ? `no set passed in ${trials.length} trials; ` : '';
  return { outcome: 'Unclear', message: `${enough}${last?.result?.message ?? 'its new versions do not go together'}` };
}

function keyOf(members: readonly string[]): string {
  return members.toSorted().join('\n');
}
