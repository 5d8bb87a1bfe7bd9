import { expect, test } from 'vitest';
import { container } from '../../../test/fixtures.ts';
import { readFluxV1 } from './flux-v1.ts';

type Marks = Readonly<Record<string, string>>;

const containers = [
  container({ name: 'app', image: 'org/web:1.2.0' }),
  container({ name: 'proxy', image: 'envoy:1.30' }),
  container({ name: 'init', image: 'org/init:1', init: true }),
];

const read = (annotations: Marks) => readFluxV1({ annotations, labels: {}, containers });

test.each<[Marks, readonly string[] | undefined]>([
  [{}, undefined],
  [{ 'fluxcd.io/automated': 'false', 'fluxcd.io/tag.app': 'semver:~1' }, undefined],
  [{ 'fluxcd.io/tag.app': 'semver:~1' }, undefined],
  [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'semver:~1', 'fluxcd.io/ignore': 'true' }, undefined],
  [
    { 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'semver:~1', 'fluxcd.io/ignore': 'sync_only' },
    ['app {"semver":{"range":"~1"}}'],
  ],
  [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'semver:~1' }, ['app {"semver":{"range":"~1"}}']],
  [
    { 'flux.weave.works/automated': 'true', 'flux.weave.works/tag.app': 'semver:~1' },
    ['app {"semver":{"range":"~1"}}'],
  ],
  [{ 'fluxcd.io/automated': 'false', 'flux.weave.works/automated': 'true', 'fluxcd.io/tag.app': '*' }, undefined],
  [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'v1.*' }, ['app {"glob":{"pattern":"v1.*"}}']],
  [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'glob:v1.*' }, ['app {"glob":{"pattern":"v1.*"}}']],
  [
    { 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'regexp:^v[0-9]+$' },
    ['app {"regexp":{"pattern":"^v[0-9]+$"}}'],
  ],
  [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'regex:^v' }, ['app {"regexp":{"pattern":"^v"}}']],
  [{ 'fluxcd.io/automated': 'true', 'filter.fluxcd.io/app': 'semver:*' }, ['app {"semver":{"range":"*"}}']],
  [
    { 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'semver:~1', 'filter.fluxcd.io/proxy': 'semver:1.x' },
    ['app {"semver":{"range":"~1"}}', 'proxy {"semver":{"range":"1.x"}}'],
  ],
  // Flux v1 never looked at init containers.
  [
    { 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'v*', 'fluxcd.io/tag.init': '*' },
    ['app {"glob":{"pattern":"v*"}}'],
  ],
])('%o follows %o', (annotations, expected) => {
  const adoption = read(annotations);

  expect(adoption?.followed.map(({ name, policy }) => `${name} ${JSON.stringify(policy)}`)).toEqual(expected);
  expect(adoption?.problems ?? []).toEqual([]);
});

test.each(['fluxcd.io/locked', 'flux.weave.works/locked'])('%s holds it', (key) => {
  const marks = { 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'semver:~1' };

  expect(read({ ...marks, [key]: 'true' })?.locked).toBe(true);
  expect(read(marks)?.locked).toBe(false);
});

test.each<[Marks, string]>([
  [{}, 'fluxcd.io/tag.CONTAINER: no container has a pattern; write for example fluxcd.io/tag.app: semver:~1.2'],
  [{ 'fluxcd.io/tag.app': 'semver:latest' }, 'fluxcd.io/tag.app: "latest"'],
  [{ 'filter.fluxcd.io/app': 'regexp:(' }, 'filter.fluxcd.io/app: "("'],
])('%o is named: %s', (annotations, problem) => {
  expect(read({ 'fluxcd.io/automated': 'true', ...annotations })?.problems).toEqual([expect.stringContaining(problem)]);
});
