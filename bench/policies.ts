/**
 * How long each policy takes to choose among 20,000 tags. `make bench NAME=policies`.
 *
 * The best of several rounds counts, because whatever else the machine does only ever adds.
 */
import { rankTags } from '../src/core/policy/rank-tags.ts';
import { parseImagePolicy, type WrittenImagePolicy } from '../src/core/policy/written-policy.ts';

const rounds = 10;
const goalMs = 50;

const suffixes = ['', '-alpine', '-rc.1', '-debian-12-r5', '_x'];
const list = (make: (at: number) => string) => Array.from({ length: 20_000 }, (_, at) => make((at * 7_919) % 20_000));
const versions = list((at) => `${at % 7}.${at % 131}.${at}${suffixes[at % suffixes.length]}`);
const builds = list((at) => `main-${((at * 2_654_435_761) % 2 ** 32).toString(16)}-${1_600_000_000 + at}`);
const dates = list((at) => `20${10 + (at % 15)}.${1 + (at % 12)}.${at}`);
const numbers = list((at) => String(1_600_000_000 + at));
const filterTags = { pattern: '^main-[a-f0-9]+-(?P<ts>[0-9]+)$', extract: '$ts' };

const rows: readonly (readonly [WrittenImagePolicy, string, readonly string[]])[] = [
  [{ semver: { range: '>=1.2 <5 || ^6.1' } }, '1.2.3', versions],
  [{ semver: { range: '*' }, oneMajorAtATime: true, barriers: ['4.0'], deadEnds: ['3.1.5', '2.1'] }, '1.2.3', versions],
  [{ policy: { semver: { range: '>=1.0.0-0' } } }, '1.2.3', versions],
  [{ step: 'major' }, '1.2.3', versions],
  [{ semver: { range: '*' }, include: ['^[0-9]'], exclude: ['-rc', 'x$'] }, '1.2.3', versions],
  [{ calver: {} }, '2012.1', dates],
  [{ calver: { format: 'YYYY.MM.MICRO' } }, '2012.1.1', dates],
  [{ numeric: {} }, '1600000001', numbers],
  [{ numerical: {} }, '1600000001', numbers],
  [{ policy: { numerical: {} }, filterTags }, 'main-aa-1600000001', builds],
  [{ alphabetical: {} }, 'main-0', builds],
  [{ regexp: { pattern: '^main-.*-(?P<compare>.+)$' } }, 'main-aa-1600000001', builds],
  [{ regexp: { pattern: '^main-' } }, 'main-0', builds],
  [{ glob: { pattern: 'main-*-*', extract: '$2' } }, 'main-aa-1600000001', builds],
  [{ digest: { tag: 'latest' } }, 'latest', builds],
  [{ pinned: {} }, 'latest', builds],
  [{ keel: { policy: 'all' } }, '1.2.3', versions],
  [{ keel: { policy: 'force' } }, '1.2.3', versions],
  [{ keel: { policy: 'glob:main-*' } }, 'main-0', builds],
  [{ keel: { policy: 'regexp:^main-.*-(?P<compare>.+)$' } }, 'main-aa-1600000001', builds],
];

const figures = rows.map(([written, current, tags]) => {
  const policy = parseImagePolicy(written, 'policy');
  const times = Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    rankTags(policy, { tags, current });
    return performance.now() - startedAt;
  });
  const value = Math.round(Math.min(...times) * 10) / 10;
  const name = JSON.stringify(written);
  console.log(`${value.toFixed(1).padStart(6)} ms  ${name}`);
  return { name: `20,000 tags by ${name}`, value, unit: 'ms', goal: goalMs, better: 'lower' };
});
console.log(JSON.stringify({ figures }));
