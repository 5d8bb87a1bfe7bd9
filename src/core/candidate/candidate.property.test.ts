/** The machine over worlds in which some new versions are bad, alone or together, and in which it is killed at any step. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestPace } from '../app-test/app-test.ts';
import { openTest, withOutcome } from '../app-test/test-record.ts';
import { type Candidate, openTrial, trialInPlace } from './candidate.ts';
import type { CandidateSettings, CandidateSight, CandidateStep, Standing } from './candidate-step.ts';
import { mostTrials, nextCandidateStep } from './next-candidate-step.ts';
import {
  begunTrial,
  changedTrial,
  clearedTrials,
  endedTrial,
  isSameSet,
  notedRecord,
  openCandidate,
} from './transitions.ts';
import { isSamePath, planPaths, sayPath, type TrialPath } from './trial-path.ts';

const pace: TestPace = {
  ...{ timeoutMs: 60_000, intervalMs: 1_000, initialDelayMs: 0, count: 1, counts: 'Passes', failureLimit: 0 },
  ...{ inconclusiveLimit: 0, late: 'Fail' },
};

interface World {
  /** Sets of Apps whose new versions fail the tests of the Channel together. */
  readonly bad: readonly (readonly string[])[];
  /** Apps whose new version fails by itself. */
  readonly sick: readonly string[];
  /** Sets that fail only once they have run for a while. */
  readonly slow: readonly (readonly string[])[];
  /** Sets that fail only where they are installed anew. */
  readonly lame?: readonly (readonly string[])[];
}

interface Run {
  readonly candidate: Candidate;
  readonly released: readonly string[] | undefined;
  readonly outcome: string;
  readonly steps: number;
}

const names = (size: number) => Array.from({ length: size }, (_, index) => `app-${index}`);
const isIn = (set: readonly string[], members: readonly string[]) => set.every((one) => members.includes(one));

const settings: CandidateSettings = {
  tests: [{ name: 'all', pace }],
  watches: [],
  soakMs: 10_000,
  paths: [],
  pathTimeoutMs: 60_000,
  consistent: (members) => members,
};

function sightOf({ apps }: Candidate, world: World, members: readonly string[], soaking: boolean): CandidateSight {
  const standings = apps.map(({ name }): [string, Standing] => [
    name,
    members.includes(name) && world.sick.includes(name)
      ? { kind: 'Rejected', message: 'unhealthy' }
      : { kind: 'Arrived' },
  ]);
  const isUnwell = soaking && world.slow.some((set) => isIn(set, members));
  return {
    standings: new Map(standings),
    unwell: isUnwell ? { message: 'restarts', patienceMs: 1_000 } : undefined,
    isSameDefinition: true,
    gate: { kind: 'Open' },
  };
}

function perform(candidate: Candidate, step: CandidateStep, world: World, now: Date): Candidate {
  switch (step.kind) {
    case 'BeginTrial':
      return begunTrial(candidate, step, now);
    case 'NoteArrived':
      return changedTrial(candidate, { arrivedAt: now });
    case 'NoteTest':
      return notedRecord(candidate, step.of, step.record);
    case 'Test': {
      const members = openTrial(candidate)?.members ?? [];
      const bad = openTrial(candidate)?.path === undefined ? world.bad : [...world.bad, ...(world.lame ?? [])];
      const kind = bad.some((set) => isIn(set, members)) ? 'Fail' : 'Pass';
      return notedRecord(
        candidate,
        step.of,
        withOutcome(openTest(step.name, pace, now), pace, { kind, message: kind }, now),
      );
    }
    case 'NoteTested':
      return changedTrial(candidate, { testedAt: now });
    case 'NoteWell':
      return changedTrial(candidate, { unwellSince: step.unwellSince });
    case 'EndTrial':
      return endedTrial(candidate, step.result, now);
    case 'NoteBased':
      return changedTrial(candidate, { basedAt: now });
    case 'Clear':
    case 'LeaveBehind':
      return clearedTrials(candidate, now);
    case 'Blame':
      return { ...candidate, faults: [...candidate.faults, step.fault] };
    case 'Release':
      return { ...candidate, release: 'r1' };
    case 'Install':
    case 'Wait':
    case 'End':
      return candidate;
  }
}

/** @param kills which steps are done but not written, one after the other */
function play(size: number, world: World, kills: readonly boolean[] = [], paths: readonly TrialPath[] = []): Run {
  const apps = names(size).map((name) => ({
    name,
    from: [{ source: 'image', tag: '1', digest: 'sha256:1' }],
    to: [{ source: 'image', tag: '2', digest: 'sha256:2' }],
  }));
  let candidate = openCandidate({ number: 1, basis: 'b', apps }, new Date(0));
  let released: readonly string[] | undefined;
  let now = 0;
  for (let steps = 0; steps < 5_000; steps += 1) {
    const trial = openTrial(candidate);
    const seen = sightOf(candidate, world, trial?.members ?? [], trial?.testedAt !== undefined);
    const step = nextCandidateStep(candidate, seen, { ...settings, paths }, new Date(now));
    if (step.kind === 'End') {
      return { candidate, released, outcome: step.outcome, steps };
    }
    if (step.kind === 'Wait') {
      now = Math.max(now + 1, (step.lookAt ?? step.waiting.until ?? new Date(now)).getTime());
    }
    if (step.kind === 'Release') {
      released = trialInPlace(candidate)?.members;
      checkPassed(candidate, world, paths);
    }
    const next = perform(candidate, step, world, new Date(now));
    candidate = kills[steps] === true ? candidate : next;
  }
  throw new Error('it does not end');
}

function checkPassed({ trials }: Candidate, world: World, paths: readonly TrialPath[]): void {
  const { bad, sick, slow, lame = [] } = world;
  const last = trialInPlace({ trials });
  const members = last?.members ?? [];
  expect(last?.result?.kind).toBe('Passed');
  for (const path of paths) {
    const passed = trials.filter((one) => isSamePath(one.path, path) && isSameSet(one.members, members)).at(-1);
    expect({ kind: passed?.result?.kind, tests: passed?.tests.length }).toEqual({ kind: 'Passed', tests: 1 });
    expect(lame.some((set) => isIn(set, members))).toBe(false);
  }
  expect(trials.every((trial) => trial.path === undefined || trial.clearedAt !== undefined)).toBe(true);
  expect(members.some((one) => sick.includes(one))).toBe(false);
  expect([...bad, ...slow].some((set) => isIn(set, members))).toBe(false);
}

const allPaths: TrialPath[] = [{ kind: 'Install' }, { kind: 'Upgrade', from: 'r1' }];

const worlds = fc.integer({ min: 1, max: 24 }).chain((size) => {
  const sets = fc.array(
    fc.uniqueArray(fc.constantFrom(...names(size)), { minLength: 1, maxLength: Math.min(2, size) }),
    {
      maxLength: 2,
    },
  );
  const world = fc.record({
    bad: sets,
    slow: sets,
    sick: fc.uniqueArray(fc.constantFrom(...names(size)), { maxLength: 2 }),
    lame: fc.array(fc.uniqueArray(fc.constantFrom(...names(size)), { minLength: 1, maxLength: 1 }), { maxLength: 1 }),
  });
  return fc.tuple(fc.constant(size), world, fc.subarray(allPaths));
});

test('what is released has passed as it is, all that is not to blame is in it, and being killed changes nothing of it', () => {
  fc.assert(
    fc.property(worlds, fc.array(fc.boolean(), { maxLength: 200 }), ([size, world, paths], kills) => {
      const calm = play(size, world, [], paths);
      const killed = play(size, world, kills, paths);
      expect(killed.released).toEqual(calm.released);
      expect(killed.outcome).toBe(calm.outcome);
      expect(killed.candidate.faults).toEqual(calm.candidate.faults);
      const blamed = calm.candidate.faults.flatMap(({ apps }) => apps);
      const guilty = [...world.bad, ...world.slow, ...(world.lame ?? [])].flat().concat(world.sick);
      expect(guilty).toEqual(expect.arrayContaining(blamed));
      expect((calm.released ?? []).toSorted()).toEqual(
        names(size)
          .filter((one) => !blamed.includes(one))
          .toSorted(),
      );
      expect(calm.candidate.trials.length).toBeLessThanOrEqual(mostTrials);
    }),
    { numRuns: 300 },
  );
});

test('nobody is blamed where what ran before fails too, and the test cluster goes back', () => {
  const { candidate, outcome, released } = play(5, { bad: [[]], slow: [], sick: [] });
  expect({ outcome, released, faults: candidate.faults }).toEqual({
    outcome: 'Unclear',
    released: undefined,
    faults: [],
  });
  expect(candidate.trials.at(-1)?.members).toEqual([]);
});

test('one alone that is bad is blamed only after what ran before has passed again', () => {
  const { candidate, outcome } = play(1, { bad: [['app-0']], slow: [], sick: [] });
  expect(outcome).toBe('Rejected');
  expect(candidate.trials.map(({ purpose, members, result }) => [purpose, members, result?.kind])).toEqual([
    ['Release', ['app-0'], 'Failed'],
    ['Search', [], 'Passed'],
  ]);
});

describe('a path besides the one of the test cluster', () => {
  const path: TrialPath = { kind: 'Install' };

  test('one that fails only there is found there, and the rest passes on both', () => {
    const world = { bad: [], slow: [], sick: [], lame: [['app-1']] };
    const { candidate, released } = play(3, world, [], [path]);
    expect(released).toEqual(['app-0', 'app-2']);
    expect(candidate.faults).toEqual([{ apps: ['app-1'], reason: 'clean install: test all: Fail' }]);
    expect(candidate.trials.map((one) => [one.path?.kind ?? 'Place', one.purpose, one.members.join(' ')])).toEqual([
      ['Place', 'Release', 'app-0 app-1 app-2'],
      ['Install', 'Release', 'app-0 app-1 app-2'],
      ['Install', 'Search', ''],
      ['Install', 'Search', 'app-0 app-1'],
      ['Install', 'Search', 'app-0'],
      ['Install', 'Search', 'app-1'],
      ['Place', 'Release', 'app-0 app-2'],
      ['Install', 'Release', 'app-0 app-2'],
    ]);
  });

  test('nobody is blamed where what ran before fails there too, and the test cluster goes back', () => {
    const { candidate, outcome } = play(2, { bad: [], slow: [], sick: [], lame: [[]] }, [], [path]);
    expect({ outcome, faults: candidate.faults }).toEqual({ outcome: 'Unclear', faults: [] });
    expect(trialInPlace(candidate)?.members).toEqual([]);
  });

  test.each<{ what: string; standing: Standing; minutes?: number; based?: boolean; step: object }>([
    { what: 'is not there', standing: { kind: 'Absent' }, step: { kind: 'Install' } },
    {
      what: 'cannot be put there in time',
      ...{ standing: { kind: 'Absent' }, minutes: 1 },
      step: {
        result: {
          kind: 'Unclear',
          message: expect.stringMatching(/could not be put there; that is not so within 1m$/),
        },
      },
    },
    { what: 'is on its way', standing: { kind: 'Moving', message: 'pulls' }, step: { kind: 'Wait' } },
    {
      what: 'is too long on its way',
      ...{ standing: { kind: 'Moving', message: 'pulls' }, minutes: 1 },
      step: {
        result: { kind: 'Unclear', message: 'upgrade from r1, r1 itself: app-0: pulls; that is not so within 1m' },
      },
    },
    {
      what: 'cannot run what it ran before',
      standing: { kind: 'Rejected', message: 'crashes' },
      step: { result: { kind: 'Unclear', message: 'upgrade from r1, r1 itself: app-0: crashes' } },
    },
    {
      what: 'cannot run what is new',
      ...{ standing: { kind: 'Rejected', message: 'crashes' }, based: true },
      step: { result: { kind: 'Failed', blames: [], message: 'upgrade from r1: app-0: crashes' } },
    },
    { what: 'runs what it ran before', standing: { kind: 'Arrived' }, step: { kind: 'NoteBased' } },
    { what: 'runs what is new', standing: { kind: 'Arrived' }, based: true, step: { kind: 'NoteArrived' } },
  ])('an App that $what', ({ standing, minutes = 0, based = false, step }) => {
    const apps = [{ name: 'app-0', from: [], to: [] }];
    const upgrade: TrialPath = { kind: 'Upgrade', from: 'r1' };
    const opened = openCandidate({ number: 1, basis: 'b', apps }, new Date(0));
    const trial = { purpose: 'Release', members: ['app-0'], soaks: false, path: upgrade } as const;
    const begun = begunTrial(opened, trial, new Date(0));
    const candidate = based ? changedTrial(begun, { basedAt: new Date(0) }) : begun;
    const sight = { standings: new Map([['app-0', standing]]), unwell: undefined, isSameDefinition: true };
    const seen: CandidateSight = { ...sight, gate: { kind: 'Open' } };
    const next = nextCandidateStep(candidate, seen, { ...settings, paths: [upgrade] }, new Date(minutes * 60_000));
    expect(next).toMatchObject(step);
  });
});

test.each<{
  what: string;
  tryOn: Parameters<typeof planPaths>[0];
  paths: readonly string[];
  missing?: readonly string[];
}>([
  { what: 'none', tryOn: { cleanInstall: false, newest: 0, releases: [] }, paths: [] },
  { what: 'a clean install', tryOn: { cleanInstall: true, newest: 0, releases: [] }, paths: ['clean install'] },
  {
    what: 'the newest before the last, without what was withdrawn',
    tryOn: { cleanInstall: false, newest: 2, releases: [] },
    paths: ['upgrade from r4', 'upgrade from r2'],
  },
  {
    what: 'named ones, each once, also where they were withdrawn',
    tryOn: { cleanInstall: false, newest: 1, releases: ['r4', 'r3', 'r0'] },
    ...{ paths: ['upgrade from r4', 'upgrade from r3'], missing: ['r0'] },
  },
])('paths: $what', ({ tryOn, paths, missing = [] }) => {
  const releases = [1, 2, 3, 4, 5].map((sequence) => ({ name: `r${sequence}`, sequence }));
  const plan = planPaths(tryOn, releases, ['r3']);
  expect({ paths: plan.paths.map(sayPath), missing: plan.missing }).toEqual({ paths, missing });
});
