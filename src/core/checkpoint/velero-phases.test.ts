import { expect, test } from 'vitest';
import { readBackupPhase, readRestorePhase, type VeleroStatus } from './velero-phases.ts';

const status = (fields: Partial<VeleroStatus>): VeleroStatus => ({
  ...{ phase: undefined, validationErrors: [], failureReason: undefined, errors: 0, warnings: 0, progress: undefined },
  ...fields,
});
const said = (meaning: ReturnType<typeof readBackupPhase>) =>
  'message' in meaning ? meaning.message : 'why' in meaning ? meaning.why : '';

const both = [
  [{}, 'Busy', /is new: Velero in namespace backups has not begun with it; does its server run\?/],
  [{ phase: 'New' }, 'Busy', /is new/],
  [{ phase: 'InProgress', progress: '3 of 7 items' }, 'Busy', /is InProgress, 3 of 7 items/],
  [{ phase: 'WaitingForPluginOperations' }, 'Busy', /the data of the volumes is on its way/],
  [{ phase: 'WaitingForPluginOperationsPartiallyFailed' }, 'Busy', /will not be Completed/],
  [{ phase: 'Finalizing' }, 'Busy', /Finalizing$/],
  [{ phase: 'FinalizingPartiallyFailed' }, 'Busy', /will not be Completed/],
  [{ phase: 'Completed', warnings: 2 }, 'Completed', /^$/],
  [{ phase: 'FailedValidation', validationErrors: ['no such location'] }, 'Failed', /did nothing: no such location/],
  [{ phase: 'FailedValidation' }, 'Failed', /does not say why/],
  [
    { phase: 'PartiallyFailed', errors: 2 },
    'Failed',
    /with 2 errors: a part of it is missing; velero .* describe b-1 /,
  ],
  [{ phase: 'Failed', failureReason: 'disk full' }, 'Failed', /is Failed: disk full/],
  [{ phase: 'Failed' }, 'Failed', /does not say why/],
  [{ phase: 'Pondering' }, 'Busy', /Pondering: a phase that is not known here/],
] as const;

test.each(both)('a Backup that is %j: %s', (fields, kind, message) => {
  const meaning = readBackupPhase('Backup backups/b-1', 'backups', status(fields));

  expect(meaning.kind).toBe(kind);
  expect(said(meaning)).toMatch(message);
});

test.each(both)('a Restore that is %j: %s', (fields, kind, message) => {
  const meaning = readRestorePhase('Restore backups/b-1', 'backups', status(fields));

  expect(meaning.kind).toBe(kind);
  expect(said(meaning)).toMatch(message);
});

test.each([
  ['Queued', 'Busy', /other Backups first/],
  ['ReadyToStart', 'Busy', /other Backups first/],
  ['Deleting', 'Failed', /being deleted by somebody/],
])('phases of a Backup alone: %s', (phase, kind, message) => {
  const meaning = readBackupPhase('Backup backups/b-1', 'backups', status({ phase }));

  expect(meaning.kind).toBe(kind);
  expect(said(meaning)).toMatch(message);
});

test.each([
  ['PartiallyFailed', true],
  ['Failed', true],
  ['FailedValidation', false],
])('a Restore that is %s is tried again: %s', (phase, again) => {
  expect(readRestorePhase('Restore v/r', 'v', status({ phase }))).toMatchObject({ kind: 'Failed', again });
});
