import { describe, expect, test } from 'vitest';
import type { Values } from '../helm/values.ts';
import { readKeelValues } from './keel-values.ts';

const settings = { defaultSchedule: '@every 1m' };
const image = { repository: 'org/web', tag: '1.1.0' };
const images = [{ repository: 'image.repository', tag: 'image.tag' }];

const read = (keel: Values, values: Values = { image }) => readKeelValues({ ...values, keel }, settings);

test.each<[string, Values]>([
  ['no block', { image }],
  ['no policy', { image, keel: { images } }],
  ['policy never', { image, keel: { policy: 'never', images } }],
  ['a block that is no map', { image, keel: 'all' }],
])('%s: left alone', (_, values) => {
  expect(readKeelValues(values, settings)).toBeUndefined();
});

test('the block as in the documentation of Keel', () => {
  const keel = {
    policy: 'all',
    trigger: 'poll',
    pollSchedule: '@every 3m',
    approvals: 1,
    approvalDeadline: 5,
    notificationChannels: ['chan1', 'chan2'],
    images: [
      {
        repository: 'image.repository',
        tag: 'image.tag',
        releaseNotes: 'https://example.com',
        imagePullSecret: 'pull',
      },
    ],
  };

  expect(read(keel)).toEqual({
    problems: [],
    policy: { policy: 'all', matchTag: false, matchPreRelease: true },
    images: [{ name: 'web', repository: 'org/web', pullSecret: 'pull', paths: { tagPath: 'image.tag' } }],
    trigger: { kind: 'Schedule', cron: '@every 3m' },
    approvals: { required: 1, deadlineHours: 5 },
    notify: ['chan1', 'chan2'],
    releaseNotes: 'https://example.com',
  });
});

test.each<[string, Values, Values, readonly string[]]>([
  [
    'repository and tag',
    { image },
    { repository: 'image.repository', tag: 'image.tag' },
    ['web org/web {"tagPath":"image.tag"}'],
  ],
  [
    'a digest too',
    { image },
    { repository: 'image.repository', tag: 'image.tag', digest: 'image.digest' },
    ['web org/web {"tagPath":"image.tag","digestPath":"image.digest"}'],
  ],
  [
    'the whole image in one value',
    { image: 'host:5000/a/web:1.1.0' },
    { repository: 'image' },
    ['web host:5000/a/web {"imagePath":"image"}'],
  ],
  [
    'a tag that is a number',
    { image: { repository: 'nginx', tag: 1.27 } },
    { repository: 'image.repository', tag: 'image.tag' },
    ['nginx nginx {"tagPath":"image.tag"}'],
  ],
  [
    'an odd name',
    { image: { repository: 'org/My_App..', tag: '1' } },
    { repository: 'image.repository', tag: 'image.tag' },
    ['my-app org/My_App.. {"tagPath":"image.tag"}'],
  ],
])('%s', (_, values, entry, expected) => {
  const found = read({ policy: 'all', images: [entry] }, values)?.images;

  expect(found?.map(({ name, repository, paths }) => `${name} ${repository} ${JSON.stringify(paths)}`)).toEqual(
    expected,
  );
});

test('two images of one name, and a pull secret that is a path', () => {
  const values = { a: { repository: 'x/web', tag: '1' }, b: { repository: 'y/web', tag: '2' }, secret: 'named' };
  const entries = ['a', 'b'].map((key) => ({
    repository: `${key}.repository`,
    tag: `${key}.tag`,
    imagePullSecret: 'secret',
  }));

  expect(read({ policy: 'all', images: entries }, values)?.images).toMatchObject([
    { name: 'web', pullSecret: 'named' },
    { name: 'web-2', pullSecret: 'named' },
  ]);
});

describe('what cannot be understood is named', () => {
  test.each<[Values, string]>([
    [{ policy: 'majro', images }, 'keel.policy: "majro" is no policy of Keel'],
    [{ policy: 'all' }, 'keel.images: is no list of 1 to 20 images'],
    [{ policy: 'all', images: [] }, 'keel.images: is no list of 1 to 20 images'],
    [
      { policy: 'all', images: [{ repository: 'none', tag: 'image.tag' }] },
      'keel.images[0].repository: there is no text at "none"',
    ],
    [
      { policy: 'all', images: [{ repository: 'image.repository', tag: 'none' }] },
      'keel.images[0].tag: there is no text at "none"',
    ],
    [{ policy: 'all', images: ['image'] }, 'keel.images[0].repository: there is no text at ""'],
    [{ policy: 'all', images, trigger: 'poll', pollSchedule: 'often' }, 'keel.pollSchedule: "often"'],
    [{ policy: 'all', images, approvals: 'two' }, 'keel.approvals: "two" is not a whole number'],
  ])('%j', (keel, problem) => {
    expect(read(keel)?.problems).toEqual([expect.stringContaining(problem)]);
  });
});
