/** What is kept before an Update changes anything, and what comes back with it, as written in the cluster. */
import Type, { type Static } from 'typebox';
import { dataPolicies } from '../../core/checkpoint/backup.ts';
import { DrillSchema } from '../checkpoint/drill.ts';
import { Duration } from '../schema-parts.ts';

/** As `spec.jobTemplate` of a CronJob. The API server judges it when the Job is made. */
function JobTemplate(description: string) {
  return Type.Record(Type.String(), Type.Unknown(), { description });
}

const JobBackupSchema = Type.Object(
  {
    template: JobTemplate(
      'A Job, as spec.jobTemplate of a CronJob, that writes the data to where it is safe and ends. See the guide for its environment.',
    ),
    restore: Type.Optional(JobTemplate('A Job, in the same form, that brings back the data of HEADGATE_CHECKPOINT.')),
    drills: Type.Optional(
      Type.Boolean({
        description:
          'The restore Job writes only to claims that it mounts and to where HEADGATE_NAMESPACE says: restore drills may run it in their namespace.',
        default: false,
      }),
    ),
  },
  { description: 'Jobs of yours that keep the data: pg_dump, restic, a script.' },
);

const SnapshotBackupSchema = Type.Object(
  {
    className: Type.Optional(
      Type.String({
        description: "VolumeSnapshotClass; the default one of the claim's driver when absent.",
        minLength: 1,
        maxLength: 253,
      }),
    ),
    claims: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
        description: 'PersistentVolumeClaims; those that the workloads of the App mount when absent.',
        minItems: 1,
        maxItems: 100,
      }),
    ),
  },
  { description: 'CSI snapshots of the volumes.' },
);

const VeleroBackupSchema = Type.Object(
  {
    namespace: Type.Optional(
      Type.String({
        description: 'Of Velero; Headgate needs rights there (chart value veleroNamespace).',
        minLength: 1,
        maxLength: 63,
        default: 'velero',
      }),
    ),
    storageLocation: Type.Optional(
      Type.String({
        description: 'BackupStorageLocation; the default one of Velero when absent.',
        minLength: 1,
        maxLength: 253,
      }),
    ),
    matchLabels: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 63 }), {
        description:
          "Labels that choose the App's PersistentVolumeClaims and no others; all of the namespace when absent.",
      }),
    ),
    claims: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
        description:
          'PersistentVolumeClaims that must be kept and come back; those that the workloads of the App mount when absent.',
        minItems: 1,
        maxItems: 100,
      }),
    ),
    snapshotMoveData: Type.Optional(
      Type.Boolean({
        description:
          'Copy the data to the storage location; else only snapshots are kept, in the storage of the cluster.',
        default: false,
      }),
    ),
    ttl: Type.Optional(
      Duration(
        'From when on Velero deletes the Backup by itself, even the last good one. Ten years when absent, so that keep and maxAge decide.',
      ),
    ),
  },
  { description: 'Backups of Velero: snapshots of the volumes by CSI, and their copies in an object store.' },
);

const HookSchema = Type.Object({
  container: Type.Optional(
    Type.String({
      description: "Name of a container; the pod's default one when absent.",
      minLength: 1,
      maxLength: 63,
    }),
  ),
  command: Type.Array(Type.String({ maxLength: 4096 }), {
    description: 'Program and arguments; there is no shell but the one that is named.',
    minItems: 1,
    maxItems: 64,
  }),
  timeout: Type.Optional(Duration('How long it may take in one pod.', '30s')),
});

const HooksSchema = Type.Object(
  {
    before: Type.Optional(
      Type.Array(HookSchema, { description: 'Before the data is kept; one that fails ends the Update.', maxItems: 10 }),
    ),
    after: Type.Optional(
      Type.Array(HookSchema, {
        description: 'After the data was kept, or could not be: undoes what the others did.',
        maxItems: 10,
      }),
    ),
  },
  { description: 'Commands in every running pod of the workloads.' },
);

export const BackupSchema = Type.Object(
  {
    job: Type.Optional(JobBackupSchema),
    snapshots: Type.Optional(SnapshotBackupSchema),
    velero: Type.Optional(VeleroBackupSchema),
    hooks: Type.Optional(HooksSchema),
    scaleDown: Type.Optional(
      Type.Boolean({
        description: 'Scale the workloads to zero before the data is kept, until the new version is set.',
        default: false,
      }),
    ),
    timeout: Type.Optional(
      Duration('How long a checkpoint may take, and how long one attempt to bring the data back.', '15m'),
    ),
    keep: Type.Optional(
      Type.Integer({
        description: 'Checkpoints that are kept whatever their age.',
        minimum: 1,
        maximum: 50,
        default: 3,
      }),
    ),
    maxAge: Type.Optional(Duration('Age from which the others may go; at once when absent.')),
    serviceAccountName: Type.Optional(
      Type.String({
        description:
          'ServiceAccount of the namespace with whose rights the Jobs are started; Headgate itself when absent.',
        minLength: 1,
        maxLength: 253,
      }),
    ),
    drill: Type.Optional(DrillSchema),
  },
  { description: 'What is kept before an Update changes anything. The objects of the App are kept in any case.' },
);

export const RollbackSchema = Type.Object(
  {
    data: Type.Optional(
      Type.Enum([...dataPolicies], {
        description:
          'Whether the data of the checkpoint comes back when an Update goes back whose version was at work. Ask: a person says.',
        default: 'Never',
      }),
    ),
    required: Type.Optional(Type.Boolean({ description: 'Begin no Update that could not be undone.', default: false })),
  },
  { description: 'What going back brings.' },
);

export type BackupWire = Static<typeof BackupSchema>;
