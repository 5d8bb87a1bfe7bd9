import { expect, test } from 'vitest';
import type { ImagePolicy } from '../policy/policy.ts';
import { findPolicyObjection } from './policy-objection.ts';

const semver = (range: string, path: object = {}): ImagePolicy => ({ kind: 'semver', range, path });

interface Row {
  readonly what: string;
  readonly policy: ImagePolicy;
  readonly to: string | undefined;
  readonly objection: string | undefined;
}

const rows: readonly Row[] = [
  { what: 'a version in its range', policy: semver('1.x'), to: '1.1.0', objection: undefined },
  { what: 'another range by now', policy: semver('2.x'), to: '1.1.0', objection: 'is outside 2.x' },
  {
    what: 'a barrier that lies between by now',
    policy: semver('*', { barriers: ['2.0.0'] }),
    to: '3.0.0',
    objection: 'barrier 2.0.0',
  },
  {
    what: 'a barrier that is the version itself',
    policy: semver('*', { barriers: ['2.0.0'] }),
    to: '2.0.0',
    objection: undefined,
  },
  {
    what: 'a dead end by now',
    policy: semver('*', { deadEnds: ['1.1.0'] }),
    to: '1.1.0',
    objection: 'is a dead end',
  },
  { what: 'another digest of what runs', policy: semver('1.x'), to: '1.0.0', objection: undefined },
  { what: 'a version without a tag', policy: semver('2.x'), to: undefined, objection: undefined },
];

test.each(rows)('$what: $objection', ({ policy, to, objection }) => {
  const found = findPolicyObjection(policy, { from: '1.0.0', to });

  expect(found).toEqual(objection === undefined ? undefined : expect.stringContaining(objection));
});
