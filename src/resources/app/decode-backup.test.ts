import { expect, test } from 'vitest';
import type { AppSpecWire } from './app.ts';
import { decodeBackup, decodeRollback } from './decode-backup.ts';

type BackupWire = NonNullable<AppSpecWire['backup']>;

const app = (backup: BackupWire, rollback?: AppSpecWire['rollback']): AppSpecWire => ({
  sources: [{ name: 'web', image: { repository: 'registry.example/web', policy: { semver: { range: '*' } } } }],
  deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
  backup,
  ...(rollback && { rollback }),
});
const job = { template: { spec: {} } };
const hook = { command: ['fsfreeze', '--freeze', '/data'] };

test('snapshots are a way back', () => {
  const spec = app({ snapshots: { className: 'fast' } }, { data: 'OnFailure' });
  expect(decodeBackup(spec)?.data).toEqual({ kind: 'Snapshots', className: 'fast', claims: undefined });
  expect(decodeRollback(spec)).toEqual({ data: 'OnFailure', required: false });
});

test('a Backup of Velero is a way back, and lasts so long that keep and maxAge decide', () => {
  const spec = app({ velero: { matchLabels: {} } }, { data: 'OnFailure' });
  expect(decodeBackup(spec)?.data).toEqual({
    ...{ kind: 'Velero', namespace: 'velero', storageLocation: undefined, matchLabels: undefined, claims: undefined },
    ...{ moveData: false, ttlMs: 87_600 * 3_600_000 },
  });
  expect(decodeRollback(spec).data).toBe('OnFailure');
});

test('commands have 30 seconds where nothing is said', () => {
  const { hooks } = decodeBackup(app({ hooks: { before: [hook], after: [{ ...hook, timeout: '2m' }] } })) ?? {};
  expect([hooks?.before[0]?.timeoutMs, hooks?.after[0]?.timeoutMs]).toEqual([30_000, 120_000]);
});

test.each<readonly [BackupWire, string]>([
  [{ job, snapshots: {} }, 'spec.backup: keeps the data in more than one way; choose one of job, snapshots and velero'],
  [{ job, velero: {} }, 'spec.backup: keeps the data in more than one way'],
  [{ velero: { ttl: '30m' } }, 'spec.backup.velero.ttl: "30m" is gone before an Update can go back'],
  [{ velero: { ttl: '24h' }, maxAge: '48h' }, 'spec.backup.velero.ttl: "24h" is less than spec.backup.maxAge ("48h")'],
  [{ job: { template: {} } }, 'spec.backup.job.template: has no spec; write it as spec.jobTemplate of a CronJob'],
  [{ scaleDown: true, hooks: { after: [hook] } }, 'spec.backup.hooks: run in pods, and scaleDown leaves none'],
  [{ hooks: { before: [{ ...hook, timeout: 'soon' }] } }, 'spec.backup.hooks.before[0].timeout: "soon"'],
  [{ drill: { schedule: 'never' } }, 'spec.backup.drill.schedule'],
  [{ drill: { schedule: '@daily', timeZone: 'Mars/North' } }, 'spec.backup.drill.timeZone'],
  [{ drill: { timeout: '5s' } }, 'spec.backup.drill.timeout: "5s" leaves a drill no time; use 1m or more'],
  [{ timeout: '1s' }, 'spec.backup.timeout: "1s" leaves a backup no time; use 10s or more'],
])('%j: %s', (backup, problem) => {
  expect(() => decodeBackup(app(backup))).toThrow(problem);
});

test('data cannot come back without a way', () => {
  expect(() => decodeRollback(app({ job }, { data: 'Ask' }))).toThrow(
    'spec.rollback.data: "Ask" needs a way to bring the data back; set spec.backup.job.restore, spec.backup.snapshots or spec.backup.velero, or data: Never',
  );
});
