import { expect, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import type { ReleasedApp } from './release.ts';
import { changesBetween } from './release-changes.ts';

const app = (name: string, tag: string, hash: string, definition = '{}'): ReleasedApp => ({
  name,
  namespace: 'hub',
  definition,
  versions: [
    { source: 'image', kind: 'Image', location: `ghcr.io/org/${name}`, tag, digest: digest(hash), target: undefined },
  ],
});

test.each([
  {
    title: 'the first Release adds all',
    before: undefined,
    after: [app('web', '1', 'a')],
    changes: [{ app: 'web', kind: 'Added' }],
  },
  { title: 'nothing new', before: [app('web', '1', 'a')], after: [app('web', '1', 'a')], changes: [] },
  {
    title: 'a version moves',
    before: [app('web', '1', 'a')],
    after: [app('web', '2', 'b')],
    changes: [{ app: 'web', kind: 'Version', source: 'image', from: '1', to: '2' }],
  },
  {
    title: 'a tag moves to another digest',
    before: [app('web', '1', 'a')],
    after: [app('web', '1', 'b')],
    changes: [{ app: 'web', kind: 'Version', source: 'image', from: digest('a'), to: digest('b') }],
  },
  {
    title: 'one goes, one comes, one is defined anew',
    before: [app('old', '1', 'a'), app('web', '1', 'a')],
    after: [app('web', '1', 'a', '{"interval":"1h"}'), app('new', '1', 'a')],
    changes: [
      { app: 'new', kind: 'Added' },
      { app: 'old', kind: 'Removed' },
      { app: 'web', kind: 'Definition' },
    ],
  },
])('$title', ({ before, after, changes }) => {
  expect(changesBetween(before && { apps: before }, { apps: after })).toEqual(changes);
});
