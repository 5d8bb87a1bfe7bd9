/** Rows after helm-controller's state_test.go and atomic_release_test.go, in our words; "mine" is of the Update under way. */
import { describe, expect, test } from 'vitest';
import { digest, later, startOfTest } from '../../../test/fixtures.ts';
import type { Revision, RevisionStatus } from './release.ts';
import { type Attempt, assessRelease, lastGood, nextApplyAction, nextRestoreAction } from './release-state.ts';

const wanted = { app: 'web', chartDigest: digest('c'), settingsDigest: digest('5') };

type Marks = Partial<NonNullable<Revision['marks']>>;

function revision(number: number, status: RevisionStatus, marks?: Marks): Revision {
  const { chartDigest, settingsDigest } = wanted;
  return {
    number,
    status,
    stamp: `${number}/${status}`,
    changedAt: startOfTest,
    marks: marks && { app: 'web', update: 'web-1', chartDigest, chartVersion: '1.0.0', settingsDigest, ...marks },
  };
}

const mine: Marks = { update: 'web-2' };
const earlier: Marks = { update: 'web-1' };

describe('assessRelease', () => {
  test.each<[string, readonly Revision[], string]>([
    ['no revision', [], 'Absent'],
    ['uninstalled, with its history kept', [revision(2, 'uninstalled', earlier)], 'Absent'],
    ['an install that began', [revision(1, 'pending-install')], 'Locked'],
    ['an upgrade that began', [revision(2, 'pending-upgrade', earlier), revision(1, 'deployed', earlier)], 'Locked'],
    ['a rollback that began', [revision(3, 'pending-rollback', earlier)], 'Locked'],
    ['an uninstall that began', [revision(3, 'uninstalling', earlier)], 'Locked'],
    ['deployed by somebody else', [revision(1, 'deployed')], 'Unmanaged'],
    ['deployed for another App', [revision(1, 'deployed', { app: 'other' })], 'Unmanaged'],
    ['another chart', [revision(1, 'deployed', { chartDigest: digest('d') })], 'OutOfSync'],
    ['other settings', [revision(1, 'deployed', { settingsDigest: digest('6') })], 'OutOfSync'],
    ['failed', [revision(2, 'failed', earlier), revision(1, 'deployed', earlier)], 'Failed'],
    ['as wanted', [revision(2, 'deployed', earlier), revision(1, 'superseded')], 'InSync'],
  ])('%s', (_, revisions, state) => {
    expect(assessRelease(revisions, wanted).kind).toBe(state);
  });

  test('an App that keeps the chart does not look at its digest', () => {
    const revisions = [revision(1, 'deployed', { chartDigest: undefined })];

    expect(assessRelease(revisions, { ...wanted, chartDigest: undefined }).kind).toBe('InSync');
  });
});

describe('lastGood', () => {
  test.each<[string, readonly Revision[], number | undefined]>([
    ['none', [], undefined],
    ['only failures', [revision(2, 'failed'), revision(1, 'failed')], undefined],
    ['the one that is deployed, below a failure', [revision(3, 'failed'), revision(2, 'deployed')], 2],
    ['the last one before, when none is deployed', [revision(3, 'failed'), revision(2, 'superseded')], 2],
  ])('%s', (_, revisions, number) => {
    expect(lastGood(revisions)?.number).toBe(number);
  });
});

function attempt(fields: Partial<Attempt> = {}): Attempt {
  return { update: 'web-2', lockPatienceMs: 600_000, now: later(1_000), ...fields };
}

describe('nextApplyAction', () => {
  test.each<[string, readonly Revision[], object]>([
    ['nothing there', [], { kind: 'Upgrade' }],
    ['something of before', [revision(1, 'deployed', earlier)], { kind: 'Upgrade' }],
    ["somebody's failure", [revision(2, 'failed'), revision(1, 'deployed')], { kind: 'Upgrade' }],
    ['mine in place', [revision(2, 'deployed', mine)], { kind: 'Applied' }],
    ['mine failed', [revision(2, 'failed', mine), revision(1, 'deployed', earlier)], { kind: 'HasFailed' }],
    ['mine locked: nobody of this process is at work', [revision(2, 'pending-upgrade', mine)], { kind: 'Unlock' }],
    ["somebody's lock, fresh", [revision(2, 'pending-upgrade')], { kind: 'AwaitLock', until: later(600_000) }],
    [
      'somebody made another one after mine',
      [revision(3, 'deployed', { update: 'web-9' }), revision(2, 'superseded', mine)],
      { kind: 'Contested' },
    ],
    [
      'again after mine failed and went back',
      [revision(3, 'deployed', earlier), revision(2, 'failed', mine)],
      { kind: 'Upgrade' },
    ],
  ])('%s', (_, revisions, action) => {
    expect(nextApplyAction(revisions, attempt())).toMatchObject(action);
  });

  test("somebody's lock whose time is over", () => {
    const revisions = [revision(2, 'pending-upgrade')];

    expect(nextApplyAction(revisions, attempt({ now: later(600_000) })).kind).toBe('Unlock');
  });
});

describe('nextRestoreAction', () => {
  const old = revision(1, 'deployed', earlier);
  const was = revision(1, 'superseded', earlier);

  test.each<[string, readonly Revision[], number | undefined, object]>([
    ['mine in place', [revision(2, 'deployed', mine), was], 1, { kind: 'Rollback', revision: 1 }],
    ['mine failed', [revision(2, 'failed', mine), old], 1, { kind: 'Rollback', revision: 1 }],
    ['mine locked', [revision(2, 'pending-upgrade', mine), old], 1, { kind: 'Rollback', revision: 1 }],
    ['mine was never stored', [old], 1, { kind: 'Restored' }],
    [
      'went back already',
      [revision(3, 'deployed', earlier), revision(2, 'superseded', mine), was],
      1,
      { kind: 'Restored' },
    ],
    [
      'somebody put another one in place',
      [revision(3, 'deployed'), revision(2, 'superseded', mine), was],
      1,
      { kind: 'Restored' },
    ],
    [
      "somebody's lock after mine",
      [revision(3, 'pending-upgrade'), revision(2, 'deployed', mine)],
      1,
      { kind: 'AwaitLock' },
    ],
    [
      'the way back failed once',
      [revision(3, 'failed', earlier), revision(2, 'superseded', mine), was],
      1,
      { kind: 'Rollback' },
    ],
    [
      'the way back failed three times',
      [5, 4, 3].map((number) => revision(number, 'failed', earlier)).concat(revision(2, 'failed', mine), was),
      1,
      { kind: 'NoWay', message: 'going back to revision 1 failed 3 times' },
    ],
    ['no target in the history: loud', [revision(12, 'failed', mine)], 1, { kind: 'NoWay' }],
    [
      'the target has failed itself',
      [revision(2, 'failed', mine), revision(1, 'failed', earlier)],
      1,
      { kind: 'NoWay' },
    ],
    ['a first installation', [revision(1, 'failed', mine)], undefined, { kind: 'Uninstall' }],
    ['a first installation, locked', [revision(1, 'pending-install', mine)], undefined, { kind: 'Uninstall' }],
    ['a first installation, gone', [], undefined, { kind: 'Restored' }],
    ['uninstalled by somebody', [], 1, { kind: 'NoWay' }],
  ])('%s', (_, revisions, target, action) => {
    expect(nextRestoreAction(revisions, attempt({ restore: { revision: target } }))).toMatchObject(action);
  });

  test.each<[string, readonly Revision[], number | undefined, object]>([
    [
      'in place',
      [revision(4, 'deployed', earlier), revision(3, 'superseded', mine)],
      4,
      { kind: 'Rollback', revision: 3 },
    ],
    [
      'undone already',
      [revision(5, 'deployed', mine), revision(4, 'superseded', earlier), revision(3, 'superseded', mine)],
      4,
      { kind: 'Restored' },
    ],
    ['never came about', [revision(3, 'deployed', mine)], undefined, { kind: 'Restored' }],
    [
      'failed',
      [revision(4, 'failed', earlier), revision(3, 'deployed', mine)],
      undefined,
      { kind: 'Rollback', revision: 3 },
    ],
  ])('of a rollback that somebody asked for: %s', (_, revisions, forward, action) => {
    const restore = { revision: 3, forward: { before: 3, revision: forward } };

    expect(nextRestoreAction(revisions, attempt({ update: 'web-3', restore }))).toMatchObject(action);
  });
});
