import { describe, expect, test } from 'vitest';
import type { MemberRequirement } from '../channel/channel.ts';
import type { CandidateApp } from './candidate.ts';
import { type Barred, consistentPart } from './consistent-part.ts';

const app = (name: string, from: string, to?: string): CandidateApp => {
  const version = (tag: string) => [{ source: 'image', tag, digest: `sha256:${name}-${tag}` }];
  return { name, from: version(from), to: to === undefined ? undefined : version(to) };
};

const apps = [app('api', '1.0.0', '2.0.0'), app('database', '14.0.0', '15.0.0'), app('web', '1.0.0', '2.0.0')];

/** @param range of the version of `other` */
const needs = (one: string, version: string | undefined, other: string, range: string): MemberRequirement => ({
  app: one,
  version,
  needs: { app: other, version: range },
  kubernetes: undefined,
});

const barred = (...names: readonly string[]): Barred => ({
  parts: names.map((name) => ({
    app: name,
    digests: apps.flatMap((one) => (one.name === name ? [one.to?.[0]?.digest ?? ''] : [])),
  })),
  reason: 'test together: 500',
});

interface Row {
  readonly what: string;
  readonly members: readonly string[];
  readonly requires?: readonly MemberRequirement[];
  readonly barred?: readonly Barred[];
  readonly kept: readonly string[];
  readonly says?: string;
}

const all = ['api', 'database', 'web'];

const rows: readonly Row[] = [
  { what: 'nothing is asked', members: all, kept: all },
  { what: 'what is needed comes along', members: all, requires: [needs('web', '>=2', 'api', '>=2')], kept: all },
  {
    what: 'what is needed stays behind: so does who needs it',
    members: ['web', 'database'],
    requires: [needs('web', '>=2', 'api', '>=2')],
    kept: ['database'],
    says: 'web 2.0.0 needs api >=2, and that would be 1.0.0',
  },
  {
    what: 'what is needed may not go so far: it stays where who needs it is not new',
    members: ['api', 'database'],
    requires: [needs('web', undefined, 'database', '<15')],
    kept: ['api'],
    says: 'web 1.0.0 needs database <15, and that would be 15.0.0',
  },
  {
    what: 'one who needs and one who is needed, both new: who needs gives way where that mends it',
    members: all,
    requires: [needs('web', '>=2', 'database', '<15')],
    kept: ['api', 'database'],
    says: 'web 2.0.0 needs database <15, and that would be 15.0.0',
  },
  {
    what: 'a chain falls from its end',
    members: ['database', 'web'],
    requires: [needs('database', '>=15', 'web', '>=2'), needs('web', '>=2', 'api', '>=2')],
    kept: [],
    says: 'web 2.0.0 needs api >=2, and that would be 1.0.0',
  },
  {
    what: 'an App that is not in the Channel',
    members: ['web'],
    requires: [needs('web', '>=2', 'cache', '>=1')],
    kept: [],
    says: 'web 2.0.0 needs cache >=1, and it is no App of this Channel',
  },
  {
    what: 'a newer Kubernetes',
    members: ['web'],
    requires: [{ app: 'web', version: '>=2', needs: { app: undefined, version: undefined }, kubernetes: '>=1.40' }],
    kept: [],
    says: 'web 2.0.0 needs Kubernetes >=1.40, and this is v1.34.1',
  },
  {
    what: 'who is in conflict without anything new stays so',
    members: ['web'],
    requires: [needs('database', undefined, 'api', '>=9')],
    kept: ['web'],
  },
  {
    what: 'a pair that failed together',
    members: all,
    barred: [barred('api', 'web')],
    kept: ['api', 'database'],
    says: 'test together: 500',
  },
  { what: 'one of such a pair', members: ['web'], barred: [barred('api', 'web')], kept: ['web'] },
];

describe('which new versions go together', () => {
  test.each(rows)('$what: $kept', ({ members, requires = [], barred: learned = [], kept, says }) => {
    const part = consistentPart(members, { apps, requires, barred: learned, kubernetes: 'v1.34.1' });
    expect(part.members).toEqual(kept);
    expect(part.leftOut.map(({ reason }) => reason)[0]).toEqual(says);
    expect([...part.members, ...part.leftOut.map((one) => one.app)].toSorted()).toEqual(members.toSorted());
  });
});
