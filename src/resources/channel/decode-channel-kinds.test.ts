import { describe, expect, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import { isMember } from '../../core/channel/channel.ts';
import { decodeChannel, decodeChannelSpec } from './decode-channel.ts';
import { decodeRelease, decodeReleaseObject, encodeRelease } from './decode-release.ts';
import { decodeSubscription, decodeSubscriptionSpec } from './decode-subscription.ts';

type Json = Readonly<Record<string, unknown>>;

const metadata = { name: 'stable', namespace: 'hub', uid: '1', creationTimestamp: '2030-01-01T00:00:00Z' };

const channel = (changed: Json = {}) =>
  decodeChannelSpec(
    decodeChannel(
      {
        metadata,
        spec: {
          apps: { names: ['web'] },
          publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
          ...changed,
        },
      },
      'Channel hub/stable',
    ),
  );

const subscription = (changed: Json = {}) =>
  decodeSubscriptionSpec(
    decodeSubscription(
      { metadata, spec: { url: 'https://hub.example/stable', trustedRoot: { name: 'root' }, ...changed } },
      'Subscription hub/stable',
    ),
  );

const web = {
  name: 'web',
  namespace: 'hub',
  definition: '{}',
  versions: [{ source: 'image', kind: 'Image', location: 'ghcr.io/org/web', tag: '1.0.0', digest: digest('a') }],
};
const target = { path: 'apps/web/chart-1.0.0.tgz', app: 'web', kind: 'Chart', length: 1, sha256: 'a'.repeat(64) };
const release = { channel: 'stable', sequence: 1, createdAt: '2030-01-01T00:00:00.000Z', apps: [web] };

describe('a Channel', () => {
  test('is published at once to all, unless it says otherwise', () => {
    expect(channel()).toMatchObject({
      retention: 20,
      soakMs: 0,
      rollout: { points: [{ afterMs: 0, share: 1 }], canary: undefined, paused: false },
      publish: { place: { kind: 'Folder', path: 'stable' }, keysSecret: 'keys' },
    });
  });

  test('says its curve, canaries and times', () => {
    const curve = [
      { after: '1h', percent: 5 },
      { after: '24h', percent: 100 },
    ];
    const { rollout, schedule } = channel({
      rollout: { curve, canary: { group: 'canary', duration: '30m' }, paused: true },
      schedule: { cron: '0 2 * * *', timeZone: 'Europe/Amsterdam' },
    });
    expect(rollout).toEqual({
      points: [
        { afterMs: 3_600_000, share: 0.05 },
        { afterMs: 86_400_000, share: 1 },
      ],
      canary: { group: 'canary', durationMs: 1_800_000 },
      paused: true,
    });
    expect(schedule).toBeDefined();
  });

  test.each([
    {
      changed: {
        rollout: {
          curve: [
            { after: '2h', percent: 5 },
            { after: '1h', percent: 50 },
          ],
        },
      },
      says: 'curve[1]',
    },
    {
      changed: {
        rollout: {
          curve: [
            { after: '1h', percent: 50 },
            { after: '2h', percent: 5 },
          ],
        },
      },
      says: 'not below it',
    },
    { changed: { rollout: { curve: [{ after: '1h', percent: 50 }], duration: '3h' } }, says: 'leave one of them out' },
    { changed: { publish: { folder: { path: '../x' }, keysRef: { name: 'k' } } }, says: 'spec.publish.folder.path' },
    {
      changed: { publish: { folder: { path: 'x' }, keysRef: { name: 'k' }, timestampLifetime: '3s' } },
      says: 'spec.publish.timestampLifetime',
    },
    { changed: { requires: [{ app: 'web', needs: { app: 'api' } }] }, says: 'app and version go together' },
    { changed: { requires: [{ app: 'web', needs: {} }] }, says: 'nothing is needed' },
    { changed: { requires: [{ app: 'web', needs: { app: 'api', version: '>>2' } }] }, says: '">>2" is no range' },
    { changed: { schedule: { cron: 'never' } }, says: 'spec.schedule.cron' },
  ])('is refused: $says', ({ changed, says }) => {
    expect(() => channel(changed)).toThrow(says);
  });

  test.each([
    { selector: { names: ['web'], labels: undefined }, app: { name: 'web', labels: {} }, member: true },
    { selector: { names: ['web'], labels: undefined }, app: { name: 'api', labels: {} }, member: false },
    { selector: { names: undefined, labels: { set: 'a' } }, app: { name: 'api', labels: { set: 'a' } }, member: true },
    { selector: { names: undefined, labels: { set: 'a' } }, app: { name: 'api', labels: { set: 'b' } }, member: false },
    { selector: { names: ['web'], labels: { set: 'a' } }, app: { name: 'web', labels: {} }, member: false },
    { selector: { names: undefined, labels: undefined }, app: { name: 'web', labels: {} }, member: false },
  ])('of $selector has $app: $member', ({ selector, app, member }) => {
    expect(isMember(selector, app)).toBe(member);
  });
});

describe('a Subscription', () => {
  test('follows the newest, from anywhere in the rollout', () => {
    expect(subscription()).toMatchObject({
      urls: ['https://hub.example/stable/'],
      trustedRoot: { kind: 'ConfigMap', name: 'root', key: 'root.json' },
      follow: { kind: 'Newest' },
      wariness: undefined,
      installsNewApps: true,
      deletesDroppedApps: false,
    });
  });

  test.each([
    { changed: { mode: 'Hold' }, follow: { kind: 'Hold' } },
    { changed: { pin: 'r2' }, follow: { kind: 'Pin', release: 'r2' } },
  ])('$changed', ({ changed, follow }) => {
    expect(subscription(changed).follow).toEqual(follow);
  });

  test.each([
    { changed: { interval: '1s' }, says: 'spec.interval' },
    { changed: { evidence: { kubernetes: 'newest' } }, says: 'spec.evidence.kubernetes' },
    { changed: { wariness: 2 }, says: 'wariness' },
    { changed: { url: 'ftp://x' }, says: 'url' },
    { changed: { gates: { windows: [{ kind: 'Allow', cron: 'x', duration: '1h' }] } }, says: 'windows[0]' },
    {
      changed: { overlay: [{ app: 'web', gates: { windows: [{ kind: 'Allow', cron: 'x', duration: '1h' }] } }] },
      says: 'windows[0]',
    },
  ])('is refused: $says', ({ changed, says }) => {
    expect(() => subscription(changed)).toThrow(says);
  });
});

describe('a Release', () => {
  test('is written and read without a loss', () => {
    const full = {
      ...release,
      apps: [{ ...web, versions: [{ ...web.versions[0], target: target.path }] }],
      targets: [target],
      previous: 'r0',
      barrier: true,
      deadEnds: [{ release: 'r0', reason: 'lost data' }],
      requires: { headgate: '>=0.1', kubernetes: '>=1.30' },
      notes: 'new',
      links: [{ name: 'notes', url: 'https://example.org' }],
      changes: [{ app: 'web', kind: 'Version', source: 'image', from: '0', to: '1' }],
      soakedFor: 60,
    };
    expect(encodeRelease(decodeRelease('r1', full))).toEqual(full);
    expect(decodeReleaseObject({ metadata, spec: full }, 'Release r1').spec).toEqual(full);
  });

  test.each([
    { changed: { createdAt: 'soon' }, says: 'createdAt "soon"' },
    { changed: { apps: [web, web] }, says: 'two have the same name' },
    { changed: { targets: [target, target] }, says: 'two have the same path' },
    { changed: { apps: [{ ...web, definition: '[1]' }] }, says: 'definition is not the JSON of an object' },
    { changed: { apps: [{ ...web, definition: '{"a":' }] }, says: 'definition is not the JSON of an object' },
    {
      changed: { apps: [{ ...web, versions: [{ ...web.versions[0], target: 'apps/web/none' }] }] },
      says: 'names target apps/web/none',
    },
    {
      changed: {
        apps: [{ ...web, versions: [{ ...web.versions[0], target: target.path }] }],
        targets: [{ ...target, app: 'api' }],
      },
      says: 'which is none of its targets',
    },
    { changed: { targets: [{ ...target, path: '../../etc/passwd' }] }, says: 'targets[0].path' },
    { changed: { requires: { kubernetes: 'new' } }, says: 'requires.kubernetes: "new"' },
    { changed: { apps: [] }, says: 'apps' },
  ])('is refused: $says', ({ changed, says }) => {
    expect(() => decodeRelease('r1', { ...release, ...changed })).toThrow(says);
  });
});
