/** The machine over worlds in which some new versions are bad, alone or together, and in which it is killed at any step. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TestPace } from '../app-test/app-test.ts';
import { openTest, withOutcome } from '../app-test/test-record.ts';
import { type Candidate, openTrial } from './candidate.ts';
import type { CandidateSettings, CandidateSight, CandidateStep, Standing } from './candidate-step.ts';
import { mostTrials, nextCandidateStep } from './next-candidate-step.ts';
import { begunTrial, changedTrial, endedTrial, notedRecord, openCandidate } from './transitions.ts';

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
      const kind = world.bad.some((set) => isIn(set, members)) ? 'Fail' : 'Pass';
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
    case 'Blame':
      return { ...candidate, faults: [...candidate.faults, step.fault] };
    case 'Release':
      return { ...candidate, release: 'r1' };
    case 'Wait':
    case 'End':
      return candidate;
  }
}

/** @param kills which steps are done but not written, one after the other */
function play(size: number, world: World, kills: readonly boolean[] = []): Run {
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
    const step = nextCandidateStep(candidate, seen, settings, new Date(now));
    if (step.kind === 'End') {
      return { candidate, released, outcome: step.outcome, steps };
    }
    if (step.kind === 'Wait') {
      now = Math.max(now + 1, (step.lookAt ?? step.waiting.until ?? new Date(now)).getTime());
    }
    if (step.kind === 'Release') {
      released = candidate.trials.at(-1)?.members;
      checkPassed(candidate, world);
    }
    const next = perform(candidate, step, world, new Date(now));
    candidate = kills[steps] === true ? candidate : next;
  }
  throw new Error('it does not end');
}

function checkPassed({ trials }: Candidate, { bad, sick, slow }: World): void {
  const last = trials.at(-1);
  const members = last?.members ?? [];
  expect(last?.result?.kind).toBe('Passed');
  expect(members.some((one) => sick.includes(one))).toBe(false);
  expect([...bad, ...slow].some((set) => isIn(set, members))).toBe(false);
}

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
  });
  return fc.tuple(fc.constant(size), world);
});

test('what is released has passed as it is, all that is not to blame is in it, and being killed changes nothing of it', () => {
  fc.assert(
    fc.property(worlds, fc.array(fc.boolean(), { maxLength: 200 }), ([size, world], kills) => {
      const calm = play(size, world);
      const killed = play(size, world, kills);
      expect(killed.released).toEqual(calm.released);
      expect(killed.outcome).toBe(calm.outcome);
      expect(killed.candidate.faults).toEqual(calm.candidate.faults);
      const blamed = calm.candidate.faults.flatMap(({ apps }) => apps);
      const guilty = [...world.bad, ...world.slow].flat().concat(world.sick);
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
