import { expect, test } from 'vitest';
import { decodeChannel } from '../../resources/channel/decode-channel.ts';
import { decodeReleaseObject } from '../../resources/channel/decode-release.ts';
import { curveOf } from './channel-views.ts';

const metadata = (name: string) => ({
  namespace: 'hub',
  name,
  uid: name,
  creationTimestamp: '2026-05-01T00:00:00Z',
});

const channel = (rollout: object, status: object = { release: 'stable-2' }) =>
  decodeChannel(
    {
      metadata: metadata('stable'),
      spec: { apps: { names: ['web'] }, rollout, publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } } },
      status,
    },
    'Channel stable',
  );

const release = (name: string, status: object) =>
  decodeReleaseObject(
    {
      metadata: metadata(name),
      spec: {
        channel: 'stable',
        sequence: 2,
        createdAt: '2026-05-01T00:00:00Z',
        apps: [
          {
            name: 'web',
            namespace: 'hub',
            definition: '{}',
            versions: [
              { source: 'web', kind: 'Image', location: 'ghcr.io/org/web', digest: `sha256:${'0'.repeat(64)}` },
            ],
          },
        ],
      },
      status,
    },
    `Release ${name}`,
  );

const published = release('stable-2', { published: { at: '2026-05-02T00:00:00Z' } });
const at = (time: string) => new Date(`2026-05-${time}:00Z`);

test('a straight line after a canary, a quarter of the way', () => {
  const rollout = { duration: '40h', canary: { group: 'early', duration: '4h' } };

  expect(curveOf(channel(rollout), [published], at('02T14:00'))).toEqual({
    release: 'stable-2',
    publishedAt: '2026-05-02T00:00:00Z',
    share: 0.25,
    paused: false,
    canary: { group: 'early', until: '2026-05-02T04:00:00.000Z' },
    points: [
      { at: '2026-05-02T04:00:00.000Z', share: 0 },
      { at: '2026-05-03T20:00:00.000Z', share: 1 },
    ],
  });
});

test('points of its own, and a pause', () => {
  const curve = [
    { after: '10h', percent: 10 },
    { after: '20h', percent: 100 },
  ];

  expect(curveOf(channel({ curve, paused: true }), [published], at('02T10:00'))).toMatchObject({
    share: 0.1,
    paused: true,
    points: [{ share: 0 }, { share: 0.1 }, { share: 1 }],
  });
});

test.each([
  ['nothing is published', channel({ duration: '1h' }, {}), [published]],
  ['the Release is gone', channel({ duration: '1h' }), []],
  ['the Release is not out yet', channel({ duration: '1h' }), [release('stable-2', {})]],
  ['the curve cannot be read', channel({ duration: '1h', curve: [{ after: '1h', percent: 100 }] }), [published]],
])('there is none where %s', (_, of, releases) => {
  expect(curveOf(of, releases, at('02T10:00'))).toBeUndefined();
});
