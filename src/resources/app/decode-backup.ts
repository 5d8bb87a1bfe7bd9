/** Backup and rollback of an App: wire form -> what the product works with. */
import {
  type Backup,
  canBringBack,
  type DataBackup,
  type Hook,
  type JobBackup,
  type Rollback,
  type VeleroBackup,
} from '../../core/checkpoint/backup.ts';
import { parseDuration } from '../../core/duration.ts';
import { isFields } from '../../core/health/objects/fields.ts';
import { decodeDrillSettings } from '../checkpoint/decode-drill.ts';
import { invalidObject } from '../decode.ts';
import type { AppSpecWire } from './app.ts';
import type { BackupWire } from './backup.ts';

const leastTimeoutMs = 10_000;
const leastTtlMs = 3_600_000;
/** Ten years. */
const longestTtlMs = 87_600 * 3_600_000;

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeBackup({ backup }: AppSpecWire): Backup | undefined {
  if (!backup) {
    return undefined;
  }
  const timeoutMs = parseDuration(backup.timeout ?? '15m', 'spec.backup.timeout');
  if (timeoutMs < leastTimeoutMs) {
    throw invalidObject('spec.backup.timeout', [`"${backup.timeout}" leaves a backup no time; use 10s or more`]);
  }
  const hooks = { before: decodeHooks(backup, 'before'), after: decodeHooks(backup, 'after') };
  if (backup.scaleDown === true && hooks.before.length + hooks.after.length > 0) {
    throw invalidObject('spec.backup.hooks', ['run in pods, and scaleDown leaves none; choose one of both']);
  }
  return {
    data: decodeData(backup),
    hooks,
    timeoutMs,
    keep: backup.keep ?? 3,
    maxAgeMs: backup.maxAge === undefined ? undefined : parseDuration(backup.maxAge, 'spec.backup.maxAge'),
    serviceAccount: backup.serviceAccountName,
    scaleDown: backup.scaleDown ?? false,
    drill: decodeDrillSettings(backup.drill),
  };
}

function decodeHooks({ hooks }: BackupWire, when: 'before' | 'after'): readonly Hook[] {
  return (hooks?.[when] ?? []).map(({ container, command, timeout = '30s' }, index) => ({
    container,
    command,
    timeoutMs: parseDuration(timeout, `spec.backup.hooks.${when}[${index}].timeout`),
  }));
}

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeRollback({ rollback, backup }: AppSpecWire): Rollback {
  const data = rollback?.data ?? 'Never';
  const required = rollback?.required ?? false;
  if (data !== 'Never' && !canBringBack(backup && decodeData(backup))) {
    throw invalidObject('spec.rollback.data', [
      `"${data}" needs a way to bring the data back; set spec.backup.job.restore, spec.backup.snapshots or spec.backup.velero, or data: Never`,
    ]);
  }
  return { data, required };
}

/** @throws OBJECT_INVALID naming field, value and remedy */
function decodeData({ job, snapshots, velero, maxAge }: BackupWire): DataBackup | undefined {
  const given = [
    job && decodeJob(job),
    snapshots && decodeSnapshots(snapshots),
    velero && decodeVelero(velero, maxAge),
  ].filter((one) => one !== undefined);
  if (given.length > 1) {
    throw invalidObject('spec.backup', [
      'keeps the data in more than one way; choose one of job, snapshots and velero',
    ]);
  }
  return given[0];
}

/** Velero deletes what is older than its ttl, and would take what maxAge is to keep. */
function decodeVelero(velero: NonNullable<BackupWire['velero']>, maxAge: string | undefined): VeleroBackup {
  const { namespace = 'velero', storageLocation, matchLabels, claims, snapshotMoveData, ttl } = velero;
  const ttlMs = ttl === undefined ? longestTtlMs : parseDuration(ttl, 'spec.backup.velero.ttl');
  if (ttlMs < leastTtlMs) {
    throw invalidObject('spec.backup.velero.ttl', [`"${ttl}" is gone before an Update can go back; use 1h or more`]);
  }
  if (maxAge !== undefined && ttlMs < parseDuration(maxAge, 'spec.backup.maxAge')) {
    throw invalidObject('spec.backup.velero.ttl', [
      `"${ttl}" is less than spec.backup.maxAge ("${maxAge}"); make it longer`,
    ]);
  }
  const labels = matchLabels && Object.keys(matchLabels).length > 0 ? matchLabels : undefined;
  const moveData = snapshotMoveData ?? false;
  return { kind: 'Velero', namespace, storageLocation, matchLabels: labels, claims, moveData, ttlMs };
}

function decodeSnapshots({ className, claims }: NonNullable<BackupWire['snapshots']>): DataBackup {
  return { kind: 'Snapshots', className, claims };
}

function decodeJob(job: NonNullable<BackupWire['job']>): JobBackup {
  for (const [field, template] of Object.entries({ template: job.template, restore: job.restore })) {
    if (template !== undefined && !isFields(template['spec'])) {
      throw invalidObject(`spec.backup.job.${field}`, ['has no spec; write it as spec.jobTemplate of a CronJob']);
    }
  }
  return { kind: 'Job', template: job.template, restore: job.restore, drills: job.drills ?? false };
}
