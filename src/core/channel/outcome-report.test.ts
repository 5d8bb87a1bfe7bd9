import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countReport, isPastThreshold, maxReporters, noReports, outcomeOf, type Tally } from './outcome-report.ts';

describe('the outcome of a Release', () => {
  test.each([
    { states: [], outcome: undefined },
    { states: ['Current'], outcome: 'Succeeded' },
    { states: ['Current', 'Ignored', 'Dropped'], outcome: 'Succeeded' },
    { states: ['Ignored', 'Dropped'], outcome: undefined },
    { states: ['Current', 'Pending'], outcome: undefined },
    { states: ['Pending', 'Rejected'], outcome: 'WentBack' },
    { states: ['Current', 'Rejected'], outcome: 'WentBack' },
  ])('of Apps that are $states is $outcome', ({ states, outcome }) => {
    expect(outcomeOf(states.map((state) => ({ state })))).toBe(outcome);
  });
});

test('each cluster counts once, by its last word, whatever the order of the others', () => {
  const said = fc.array(
    fc.record({ cluster: fc.constantFrom('a', 'b', 'c', 'd'), outcome: fc.constantFrom('Succeeded', 'WentBack') }),
  );
  fc.assert(
    fc.property(said, (reports) => {
      const last = new Map(reports.map(({ cluster, outcome }) => [cluster, outcome]));
      const tally = reports.reduce<Tally>(
        (before, { cluster, outcome }) => countReport(before, cluster, outcome as 'Succeeded'),
        noReports,
      );
      const of = (outcome: string) => [...last].filter(([, one]) => one === outcome).map(([cluster]) => cluster);
      expect([...tally.succeeded].toSorted()).toEqual(of('Succeeded').toSorted());
      expect([...tally.wentBack].toSorted()).toEqual(of('WentBack').toSorted());
    }),
  );
});

test('what is kept is bounded, and who is known may still change his word', () => {
  const many = new Set(Array.from({ length: maxReporters }, (_, at) => `c${at}`));
  const full: Tally = { succeeded: many, wentBack: new Set() };
  expect(countReport(full, 'new', 'WentBack')).toBe(full);
  expect(countReport(full, 'c1', 'Succeeded')).toBe(full);
  expect(countReport(full, 'c1', 'WentBack').wentBack).toEqual(new Set(['c1']));
});

describe('a threshold of 3 clusters and 10 %', () => {
  test.each([
    { wentBack: 2, succeeded: 0, isPast: false },
    { wentBack: 3, succeeded: 0, isPast: true },
    { wentBack: 3, succeeded: 27, isPast: true },
    { wentBack: 3, succeeded: 28, isPast: false },
    { wentBack: 4, succeeded: 36, isPast: true },
  ])('with $wentBack that went back and $succeeded well is past: $isPast', ({ wentBack, succeeded, isPast }) => {
    const ids = (count: number, prefix: string) => new Set(Array.from({ length: count }, (_, at) => `${prefix}${at}`));
    const tally = { succeeded: ids(succeeded, 's'), wentBack: ids(wentBack, 'w') };
    expect(isPastThreshold({ failures: 3, share: 0.1 }, tally)).toBe(isPast);
  });
});
