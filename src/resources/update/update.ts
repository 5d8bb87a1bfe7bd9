/** The Update as written in the cluster: one attempt, its journal and its record. */
import Type, { type Static } from 'typebox';
import { failureReasons } from '../../core/health/health.ts';
import { stepNames, updatePhases } from '../../core/update/journal.ts';
import { workloadKinds } from '../../core/workload/workload.ts';
import { ActionsSchema } from '../action-record.ts';
import { GitPlanSchema } from '../app/git-deploy.ts';
import { ManifestsPlanSchema } from '../app/manifests-deploy.ts';
import { PatchPlanSchema } from '../app/patch-deploy.ts';
import { CheckpointSchema, DataRestoreSchema, StoppedSchema } from '../checkpoint/checkpoint.ts';
import { Conditions, Text, Time, VersionSchema, WaitingSchema } from '../schema-parts.ts';
import { HelmPlanSchema } from './helm-plan.ts';
import { TestRecordSchema } from './test-record-codec.ts';

export const UpdateSpecSchema = Type.Object(
  {
    app: Text('The App that this Update belongs to.', 253),
    sequence: Type.Integer({ description: 'Counts the Updates of the App.', minimum: 1 }),
    trigger: Type.Object(
      {
        kind: Type.Enum(['Source', 'Rollback', 'Deploy', 'Channel'], {
          description:
            'Source: a newer version was found. Rollback: a person asked to go back. Deploy: a person or a program named the version. Channel: the Channel of the App tries it, or goes back from it.',
        }),
        by: Text('Who or what started it.'),
        reason: Text('Why, for people.', 4096),
      },
      { description: 'What started it.' },
    ),
    changes: Type.Array(
      Type.Object({
        source: Text('Name of the source.', 63),
        repository: Text('Repository of the image.', 512),
        from: { ...VersionSchema, description: 'What ran before.' },
        to: { ...VersionSchema, description: 'What it moves to.' },
      }),
      { description: 'Where each source moves.', minItems: 1, maxItems: 20 },
    ),
    restore: Type.Optional(
      Type.Object(
        {
          update: Text('Name of another Update of the App.', 253),
          state: Type.Enum(['Before', 'After'], {
            description: 'Before: what ran before that Update. After: what it brought.',
          }),
          data: Type.Optional(Type.Boolean({ description: 'The data of its checkpoint comes back too.' })),
        },
        { description: 'Only for a rollback: which recorded images are set.' },
      ),
    ),
    basis: Type.Optional(
      Text('Hash of what ran when it was decided; an Update that has not begun ends when it is another.', 128),
    ),
    supersedes: Type.Optional(Text('The Update that this one took over from before it had ended.', 253)),
  },
  {
    description: 'What is to be done. Does not change once written.',
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'an Update cannot be changed; make a new one' }],
  },
);

const ContainerChangeSchema = Type.Object({
  container: Text('Name of the container.', 63),
  init: Type.Boolean({ description: 'It is an init container.' }),
  source: Text('Name of the source.', 63),
  before: Text('Image before.', 1024),
  after: Text('Image that is set.', 1024),
  restore: Text('Image that going back sets.', 1024),
  restoreDigest: Type.Optional(Text('Digest that it stands for, where its text does not say it.', 256)),
});

export const UpdateStatusSchema = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ description: 'metadata.generation that this status is about.' })),
  conditions: Type.Optional(Conditions),
  phase: Type.Optional(Type.Enum([...updatePhases], { description: 'Where it stands.' })),
  waiting: Type.Optional(WaitingSchema),
  startedAt: Type.Optional(Time('When work on it began.')),
  finishedAt: Type.Optional(Time('When it ended.')),
  healthySince: Type.Optional(Time('Since when all workloads are healthy without a break.')),
  failure: Type.Optional(
    Type.Object(
      {
        reason: Type.Enum([...failureReasons], { description: 'One word.' }),
        message: Text('The same for people.', 32_768),
        blamesVersion: Type.Boolean({ description: 'The version is bad and was rejected, not the circumstances.' }),
      },
      { description: 'Why it went back or ended badly.' },
    ),
  ),
  checkpoint: Type.Optional(CheckpointSchema),
  stopped: Type.Optional(StoppedSchema),
  ran: Type.Optional(
    Type.Boolean({ description: 'The new version was at work after the checkpoint, so that it may have written.' }),
  ),
  dataRestore: Type.Optional(DataRestoreSchema),
  steps: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.Enum([...stepNames], { description: 'What was done.' }),
        startedAt: Time('Start.'),
        finishedAt: Type.Optional(Time('End.')),
        result: Type.Optional(Type.Enum(['Done', 'Failed', 'Stopped'], { description: 'How it ended.' })),
        message: Type.Optional(Text('What there is to say.', 32_768)),
      }),
      { description: 'The journal, oldest first.', maxItems: 64 },
    ),
  ),
  tests: Type.Optional(
    Type.Array(TestRecordSchema, {
      description: 'What its tests came to, in the order in which they began.',
      maxItems: 32,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  ),
  workloads: Type.Optional(
    Type.Array(
      Type.Object({
        kind: Type.Enum([...workloadKinds], { description: 'Kind of the workload.' }),
        name: Text('Name of the workload.', 253),
        uid: Text('So that one made anew under the same name is told apart.', 64),
        reversible: Type.Boolean({ description: 'Going back brings exactly the bits that ran before.' }),
        containers: Type.Array(ContainerChangeSchema, { description: 'Each container that is set.', maxItems: 64 }),
      }),
      { description: 'What stood there, what is set, what going back sets.', maxItems: 1000 },
    ),
  ),
  helm: Type.Optional(HelmPlanSchema),
  patch: Type.Optional(PatchPlanSchema),
  git: Type.Optional(GitPlanSchema),
  manifests: Type.Optional(ManifestsPlanSchema),
  approvals: Type.Optional(
    Type.Array(
      Type.Object({
        by: Text('Who approved it, as the API server knows them.', 512),
        at: Time('When.'),
      }),
      {
        description: 'By people, for exactly these versions; one person counts once.',
        maxItems: 100,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['by'],
      },
    ),
  ),
  actions: Type.Optional(ActionsSchema),
  versions: Type.Optional(Text('From and to, for tables.', 4096)),
});

export type UpdateSpecWire = Static<typeof UpdateSpecSchema>;
export type UpdateStatusWire = Static<typeof UpdateStatusSchema>;
