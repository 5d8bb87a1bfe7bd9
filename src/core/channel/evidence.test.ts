import { expect, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import { type Evidence, findMissingEvidence, statementOf, subjectsOf, tellEvidence } from './evidence.ts';
import type { Release } from './release.ts';

const release: Pick<Release, 'name' | 'apps' | 'soakedForMs'> = {
  name: 'r1',
  soakedForMs: 3_600_000,
  apps: [
    {
      name: 'web',
      namespace: 'hub',
      definition: '{}',
      versions: [
        {
          source: 'image',
          kind: 'Image',
          location: 'ghcr.io/org/web',
          tag: '1',
          digest: digest('a'),
          target: undefined,
        },
        {
          source: 'files',
          kind: 'Git',
          location: 'https://git',
          tag: 'main',
          digest: `sha1:${'b'.repeat(40)}`,
          target: undefined,
        },
      ],
    },
  ],
};

const evidence = (changed: Partial<Evidence> = {}): Evidence => ({
  release: 'r1',
  subjects: subjectsOf(release),
  tests: [
    { name: 'web/http', result: 'Passed', durationMs: 1_200, logSha256: 'c'.repeat(64) },
    { name: 'together', result: 'Passed', upgradedFrom: 'r0', durationMs: 800 },
  ],
  kubernetes: 'v1.34.2',
  path: { kind: 'Upgrade', from: 'r0' },
  startedAt: new Date('2030-01-01T00:00:00Z'),
  finishedAt: new Date('2030-01-01T01:00:00Z'),
  ...changed,
});

test('a statement names its inputs by digest, its tests, times and logs', () => {
  expect(statementOf(evidence())).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    subject: [
      { name: 'ghcr.io/org/web:1', digest: { sha256: digest('a').slice(7) } },
      { name: 'https://git:main', digest: { gitCommit: 'b'.repeat(40) } },
    ],
    predicate: {
      result: 'PASSED',
      configuration: [
        { name: 'release', annotations: { name: 'r1' } },
        { name: 'kubernetes', annotations: { version: 'v1.34.2' } },
        { name: 'path', annotations: { path: 'upgrade', from: 'r0' } },
        { name: 'run', annotations: { startedAt: '2030-01-01T00:00:00.000Z', finishedAt: '2030-01-01T01:00:00.000Z' } },
        {
          name: 'test web/http',
          digest: { sha256: 'c'.repeat(64) },
          annotations: { durationMs: '1200', path: 'install' },
        },
        { name: 'test together', annotations: { durationMs: '800', path: 'upgrade', from: 'r0' } },
      ],
      passedTests: ['web/http', 'together'],
      failedTests: [],
    },
  });
});

const failed = { name: 'web/http', result: 'Failed', durationMs: 1 } as const;
const nothing = { kubernetes: undefined, minimumSoakMs: 0, minimumAgeMs: 0, tests: [] };

test.each([
  { title: 'nothing is demanded', demand: {}, given: [], missing: undefined },
  { title: 'it soaked long enough', demand: { minimumSoakMs: 3_600_000 }, given: [], missing: undefined },
  { title: 'it soaked too short', demand: { minimumSoakMs: 3_600_001 }, given: [], missing: 'it ran 60 minutes' },
  { title: 'it passed on that Kubernetes', demand: { kubernetes: '>=1.34' }, given: [evidence()], missing: undefined },
  {
    title: 'it passed on an older one',
    demand: { kubernetes: '>=1.35' },
    given: [evidence()],
    missing: 'on Kubernetes >=1.35',
  },
  { title: 'the test passed', demand: { tests: ['together'] }, given: [evidence()], missing: undefined },
  { title: 'a test is not named', demand: { tests: ['load'] }, given: [evidence()], missing: 'passed: load' },
  { title: 'there is no evidence', demand: { tests: ['load'] }, given: [], missing: 'no test is known' },
  {
    title: 'one of its tests failed',
    demand: { tests: ['together'] },
    given: [evidence({ tests: [failed] })],
    missing: 'no test is known',
  },
  {
    title: 'it is about other versions',
    demand: { kubernetes: '>=1.34' },
    given: [evidence({ subjects: subjectsOf(release).slice(1) })],
    missing: 'with exactly its versions',
  },
])('$title', ({ demand, given, missing }) => {
  const said = findMissingEvidence(release, given.map(statementOf), { ...nothing, ...demand });
  expect(missing === undefined ? said : said?.includes(missing)).toBe(missing === undefined ? undefined : true);
});

test('what a statement says is told again as it was', () => {
  const { tests, subjects, kubernetes } = evidence();
  expect(tellEvidence(statementOf(evidence()))).toEqual({
    result: 'PASSED',
    ...{ path: 'upgrade', from: 'r0' },
    subjects,
    kubernetes,
    startedAt: evidence().startedAt.toISOString(),
    finishedAt: evidence().finishedAt.toISOString(),
    tests: expect.arrayContaining([...tests]),
  });
});

test('a statement of others that says less is told as far as it goes', () => {
  const { predicate, ...rest } = statementOf(evidence());
  const bare = { ...predicate, configuration: [{ name: 'test a', annotations: { durationMs: 'long' } }] };
  const told = tellEvidence({
    ...rest,
    subject: [{}],
    predicate: { ...bare, result: 'FAILED', passedTests: ['b'], failedTests: ['a'] },
  });
  expect(told).toEqual({
    result: 'FAILED',
    subjects: [{ name: '', digest: '' }],
    tests: [
      { name: 'b', result: 'Passed' },
      { name: 'a', result: 'Failed' },
    ],
  });
});
