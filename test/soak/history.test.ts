/** Each row breaks one thing that must stay true, and is found; a story in which all is well is not complained about. */
import { expect, test } from 'vitest';
import {
  type AppSight,
  type ImageSight,
  type RejectionSight,
  type Sight,
  type UpdateSight,
  violationsIn,
} from './history.ts';

type Draft =
  | Omit<ImageSight, 'at' | 'app'>
  | Omit<UpdateSight, 'at' | 'app'>
  | Omit<RejectionSight, 'at' | 'app'>
  | Omit<AppSight, 'at' | 'app'>;

const image = (workload: string, tag: string): Draft => ({ kind: 'image', workload, tag, digest: `sha256:${tag}` });

const update = (
  sequence: number,
  phase: UpdateSight['phase'],
  tag: string,
  more: Partial<UpdateSight> = {},
): Draft => ({
  kind: 'update',
  name: `web-${sequence}`,
  sequence,
  phase,
  to: `sha256:${tag}`,
  hasEnd: true,
  openSteps: [],
  ...more,
});

const rejection = (tag: string): Draft => ({ kind: 'rejection', digest: `sha256:${tag}` });

const story = (drafts: readonly Draft[]): readonly Sight[] =>
  drafts.map((draft, at) => ({ ...draft, at: BigInt(at), app: 'web' }));

const begin = [image('a', '1.0.0'), image('b', '1.0.0')];
const forward = [update(1, 'Applying', '1.1.0'), image('a', '1.1.0'), image('b', '1.1.0')];
const back = [update(1, 'RollingBack', '1.1.0'), rejection('1.1.0'), image('a', '1.0.0'), image('b', '1.0.0')];
const undone = [...begin, ...forward, ...back, update(1, 'RolledBack', '1.1.0')];

test('an Update there and one back, in whatever order their objects came, is well', () => {
  const all = [
    ...undone,
    update(2, 'Pending', '1.2.0'),
    update(2, 'Applying', '1.2.0'),
    image('a', '1.2.0'),
    image('b', '1.2.0'),
    update(2, 'Succeeded', '1.2.0'),
  ];
  expect(violationsIn(story(all).toReversed())).toEqual([]);
});

test.for<readonly [string, readonly Draft[]]>([
  ['a: went from 1.0.0 to 1.1.0, which is rejected', [...undone, update(2, 'Applying', '1.1.0'), image('a', '1.1.0')]],
  ['a: without an Update under way', [...begin, image('a', '1.1.0')]],
  ['a: a downgrade, while web-1 was Applying', [...begin, update(1, 'Applying', '0.9.0'), image('a', '0.9.0')]],
  ['a: while web-1 was Watching', [...begin, update(1, 'Watching', '1.1.0'), image('a', '1.1.0')]],
  ['a: while web-1 was Applying to sha256:1.1.0', [...begin, update(1, 'Applying', '1.1.0'), image('a', '1.2.0')]],
  ['web-2 is under way together with web-1', [...begin, update(1, 'Watching', '1.1.0'), update(2, 'Pending', '1.2.0')]],
  ['web-3 follows number 1', [...undone, update(3, 'Pending', '1.2.0')]],
  ['web-1 had ended RolledBack and is Applying', [...undone, update(1, 'Applying', '1.1.0')]],
  [
    'web-1 (Succeeded) is not complete: Watch',
    [...begin, ...forward, update(1, 'Succeeded', '1.1.0', { openSteps: ['Watch'] })],
  ],
  [
    'web-1 (Succeeded) is not complete: it has no end',
    [...begin, ...forward, update(1, 'Succeeded', '1.1.0', { hasEnd: false })],
  ],
  ['web-1 succeeded, and web is not all new', [...begin, ...forward.slice(0, 2), update(1, 'Succeeded', '1.1.0')]],
  [
    'web-1 was rolled back, and web is not all old',
    [...begin, ...forward, ...back.slice(0, 3), update(1, 'RolledBack', '1.1.0')],
  ],
  ['does not say what it waits for', [...begin, { kind: 'app', ready: 'False', waitsFor: undefined }]],
])('found: %s', ([text, drafts]) => {
  const found = violationsIn(story(drafts));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(text.replace(/^a: /, ''));
});
