import { expect, test } from 'vitest';
import { later } from '../../../test/fixtures.ts';
import { waitingReasons } from '../waiting.ts';
import { type AppState, judgeApp } from './app-state.ts';

const message = 'why';
const until = later(60_000);

const rows: readonly [AppState, string, string][] = [
  [{ kind: 'Invalid', message }, 'InvalidSpec: why', 'Ready False, Stalled'],
  [{ kind: 'Blocked', reason: 'TargetNotFound', message }, 'TargetNotFound: why', 'Ready False'],
  [{ kind: 'Blocked', reason: 'TargetConflict', message }, 'TargetConflict: why', 'Ready False, Stalled'],
  [{ kind: 'Blocked', reason: 'DependencyNotReady', message }, 'DependencyNotReady: why', 'Ready False'],
  [{ kind: 'Drifted', message }, 'Drifted: why', 'Ready True'],
  [{ kind: 'Suspended' }, 'Suspended: spec.suspend is set', 'Ready True'],
  [{ kind: 'Updating', message }, 'UpdateInProgress: why', 'Ready Unknown, Reconciling'],
  [
    { kind: 'Unavailable', reason: 'RegistryUnavailable', message, until },
    'RegistryUnavailable: why until 2026-05-04T12:01:00.000Z',
    'Ready False, Reconciling',
  ],
  [
    { kind: 'Unavailable', reason: 'RateLimited', message, until },
    'RateLimited: why until 2026-05-04T12:01:00.000Z',
    'Ready False, Reconciling',
  ],
  [{ kind: 'Immature', message, until }, 'MinimumAge: why until 2026-05-04T12:01:00.000Z', 'Ready True'],
  [{ kind: 'Unfit', message }, 'PlatformMissing: why', 'Ready True'],
  [{ kind: 'Held', message, until }, 'PreviousAttemptFailed: why until 2026-05-04T12:01:00.000Z', 'Ready False'],
  [{ kind: 'CheckPending', message, until }, 'CheckPending: why until 2026-05-04T12:01:00.000Z', 'Ready True'],
  [{ kind: 'Gated', waiting: { reason: 'Window', message } }, 'Window: why', 'Ready True'],
  [{ kind: 'NeedsPerson', message }, 'Person: why', 'Ready False, Stalled'],
  [{ kind: 'VersionRejected', message }, 'VersionRejected: why', 'Ready True'],
  [{ kind: 'Unverified', message }, 'Unverified: why', 'Ready True'],
  [{ kind: 'UpToDate', message }, 'UpToDate: why', 'Ready True'],
];

test.each(rows)('%j is told as %s with %s', (state, told, conditions) => {
  const { waiting, ready, reconciling, stalled } = judgeApp(state);

  const end = waiting.until === undefined ? '' : ` until ${waiting.until.toISOString()}`;
  expect(`${waiting.reason}: ${waiting.message}${end}`).toBe(told);
  expect(`Ready ${ready}${reconciling ? ', Reconciling' : ''}${stalled ? ', Stalled' : ''}`).toBe(conditions);
});

test('every reason to wait is of an App, told above, of an Update, or of a Channel or Subscription', () => {
  const ofApps = rows.map(([state]) => judgeApp(state).waiting.reason);
  const gates = [
    'ApprovalRequired',
    'ApprovalExpired',
    'Veto',
    'VetoUnknown',
    'Unhealthy',
    'Preflight',
    'Asking',
    'Predecessor',
    'CoolDown',
    'UpdateLimit',
    'TooManyRollbacks',
    'ChannelDecides',
  ];
  const helm = ['HelmOperation', 'HelmLocked'];
  const git = ['GitPush', 'PullRequest', 'ClusterSync', 'GitUnavailable'];
  const data = ['BackingUp', 'RestoreApproval', 'RestoringData'];
  const ofUpdates = [
    ...gates,
    ...helm,
    ...git,
    'Rollout',
    'Stabilizing',
    'Testing',
    'TestInconclusive',
    ...data,
    'RollbackRefused',
    'RollbackRollout',
  ];

  const ofChannels = [
    ...['PublishFailed', 'RootExpiring', 'ChannelUnavailable', 'RolloutTurn', 'RolloutPaused', 'EvidenceMissing'],
    ...['ReleaseUnfit', 'ReleaseMissing', 'ReleaseWithdrawn', 'ReleaseHeld', 'ReleaseInProgress'],
    ...['CandidateScheduled', 'CandidateRollout', 'CandidateRejected', 'CandidateIncomplete', 'Soaking'],
  ];
  expect([...ofApps, ...ofUpdates, ...ofChannels].sort()).toEqual([...waitingReasons].sort());
});
