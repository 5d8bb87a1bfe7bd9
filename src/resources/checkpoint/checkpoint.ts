/** What an Update's status says of its checkpoint, and of the data on its way back. */
import Type from 'typebox';
import { checkpointStates, dataRestoreStates, quiesceStates } from '../../core/checkpoint/checkpoint.ts';
import { Text, Time } from '../schema-parts.ts';

export const CheckpointSchema = Type.Object(
  {
    id: Text('Under which the backup knows it: HEADGATE_CHECKPOINT. The name of the Update that made it.', 253),
    kind: Type.Enum(['Job', 'Snapshots', 'Velero', 'Objects'], {
      description: 'How the data was kept. Objects: only the objects were.',
    }),
    state: Type.Enum([...checkpointStates], { description: 'Dropped: it was complete, and has been deleted since.' }),
    startedAt: Time('When it was begun.'),
    finishedAt: Type.Optional(Time('When it was complete.')),
    durationSeconds: Type.Optional(Type.Integer({ description: 'How long it took.', minimum: 0 })),
    expiresAt: Type.Optional(Time('From when on it may be deleted; the newest never is.')),
    sizeBytes: Type.Optional(Type.Integer({ description: 'Of the data, where the backup tells it.', minimum: 0 })),
    message: Type.Optional(Text('What there is to say.', 32_768)),
    job: Type.Optional(Text('The Job that kept the data.', 63)),
    quiesce: Type.Optional(
      Type.Enum([...quiesceStates], {
        description:
          'Begun: commands that hold writes back may have run. Done: all of them have. Lifted: those after the backup have, too.',
      }),
    ),
    volumes: Type.Optional(
      Type.Array(
        Type.Object({
          claim: Text('The PersistentVolumeClaim.', 253),
          snapshot: Text('Its VolumeSnapshot, of the same namespace.', 253),
          sizeBytes: Type.Optional(
            Type.Integer({ description: 'What a volume made of it must have at least.', minimum: 0 }),
          ),
        }),
        { description: 'The snapshots that keep the data.', maxItems: 100 },
      ),
    ),
    velero: Type.Optional(
      Type.Object(
        {
          namespace: Text('Of Velero.', 63),
          backup: Text('The Backup.', 253),
          claims: Type.Array(Text('PersistentVolumeClaim of the App.', 253), {
            description: 'What comes back with it.',
            maxItems: 100,
          }),
          covers: Type.Integer({
            description: 'Volumes that it has to hold: those of these claims.',
            minimum: 0,
          }),
        },
        { description: 'Where Velero keeps the data.' },
      ),
    ),
    objects: Type.Optional(Text('Secret that holds the objects of the App as they were.', 253)),
    sealedAt: Type.Optional(Time('When it was complete, by the clock of the API server.')),
  },
  { description: 'What was kept before the change.' },
);

export const StoppedSchema = Type.Array(
  Type.Object({
    kind: Type.Enum(['Deployment', 'StatefulSet'], { description: 'Kind of the workload.' }),
    name: Text('Its name.', 253),
    uid: Text('So that one made anew under the same name is told apart.', 64),
    replicas: Type.Integer({ description: 'What it is to have again.', minimum: 0 }),
  }),
  { description: 'What is scaled to zero by this Update.', maxItems: 1000 },
);

export const DataRestoreSchema = Type.Object(
  {
    state: Type.Enum([...dataRestoreStates], {
      description:
        'NotNeeded: the data stays as it is. Asked: a person has to say. Agreed, Running: it is coming back. Done: it is back. Failed: the message says what is where.',
    }),
    update: Text('The checkpoint, by its id.', 253),
    message: Type.Optional(Text('Why, or what is where.', 32_768)),
    by: Type.Optional(Text('Who answered.', 512)),
    job: Type.Optional(Text('The Job of the last attempt.', 63)),
    volumes: Type.Optional(
      Type.Array(
        Type.Object({
          claim: Text('The PersistentVolumeClaim that gets another volume.', 253),
          brokenVolume: Text('The PersistentVolume that it had.', 253),
          newVolume: Text('The PersistentVolume that was made of the snapshot.', 253),
          brokenClaim: Text('The claim under which the broken volume is kept until a person deletes it.', 253),
        }),
        { description: 'Claims whose volumes are exchanged.', maxItems: 100 },
      ),
    ),
    moved: Type.Optional(
      Type.Array(
        Type.Object({
          claim: Text('The PersistentVolumeClaim that Velero makes anew.', 253),
          brokenVolume: Text('The PersistentVolume that it had.', 253),
          brokenClaim: Text('The claim under which the broken volume is kept until a person deletes it.', 253),
        }),
        { description: 'Claims whose volumes were moved away before Velero restored them.', maxItems: 100 },
      ),
    ),
    veleroRestore: Type.Optional(Text('The Restore of Velero of the last attempt.', 253)),
    attempt: Type.Optional(Type.Integer({ description: 'Counts the attempts.', minimum: 1 })),
    startedAt: Type.Optional(Time('When it was begun.')),
    finishedAt: Type.Optional(Time('When it ended.')),
  },
  { description: 'What becomes of the data on the way back.' },
);
