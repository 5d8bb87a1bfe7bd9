/** The shapes of the answers; OpenAPI is made from them. Times are RFC 3339 in UTC. */
import Type, { type Static } from 'typebox';
import { CheckpointSchema, DataRestoreSchema } from '../../resources/checkpoint/checkpoint.ts';
import { DrillStatusSchema } from '../../resources/checkpoint/drill.ts';
import { ConditionSchema, Text, Time, VersionSchema } from '../../resources/schema-parts.ts';
import { TestRecordSchema } from '../../resources/update/test-record-codec.ts';
import { appStates } from './glance.ts';

const Waiting = Type.Object(
  {
    reason: Type.String({ description: 'One word; docs/reference/waiting.md has all of them.' }),
    message: Type.String({ description: 'The same for people.' }),
    until: Type.Optional(Time('When it may change by itself.')),
  },
  { description: 'Why it does not go on right now.' },
);

const identity = {
  namespace: Type.String(),
  name: Type.String(),
  uid: Type.String(),
  resourceVersion: Type.String({ description: 'Another one after each change; only compared for equality.' }),
  createdAt: Time('When it was made.'),
};

const Hold = Type.Object(
  { by: Type.String(), reason: Type.String(), until: Type.Optional(Time('When it ends by itself.')) },
  { description: 'Somebody said "not now".' },
);

const Failure = Type.Object({
  reason: Type.String({ description: 'One word.' }),
  message: Type.String(),
  blamesVersion: Type.Boolean({ description: 'The version was found bad and rejected.' }),
});

const ChangeOfVersion = Type.Object({
  source: Text('Name of the source.', 63),
  repository: Type.String(),
  from: VersionSchema,
  to: VersionSchema,
});

const Trigger = Type.Object({ kind: Type.String(), by: Type.String(), reason: Type.String() });

export const UpdateSummarySchema = Type.Object({
  ...identity,
  app: Type.String(),
  sequence: Type.Integer({ description: 'Counts the Updates of the App.' }),
  phase: Type.String({
    description: 'Pending, Applying, Watching, ..., Succeeded, RolledBack, Superseded, Cancelled or Failed.',
  }),
  open: Type.Boolean({ description: 'It has not ended.' }),
  trigger: Trigger,
  changes: Type.Array(ChangeOfVersion),
  waiting: Type.Optional(Waiting),
  failure: Type.Optional(Failure),
  startedAt: Type.Optional(Time('When work on it began.')),
  finishedAt: Type.Optional(Time('When it ended.')),
  tookMs: Type.Optional(Type.Integer({ description: 'From start to end, in milliseconds.' })),
  approvals: Type.Array(Type.Object({ by: Type.String(), at: Time('When.') })),
});

const StepSchema = Type.Object({
  name: Type.String(),
  startedAt: Time('Start.'),
  finishedAt: Type.Optional(Time('End.')),
  tookMs: Type.Optional(Type.Integer({ description: 'In milliseconds.' })),
  result: Type.Optional(Type.String({ description: 'Done, Failed or Stopped.' })),
  message: Type.Optional(Type.String()),
});

/** An object as Kubernetes has it; its fields stand in docs/reference. */
const Whole = (description: string) => Type.Object({}, { description, additionalProperties: true });

const Actions = Type.Array(
  Type.Object({
    action: Type.String(),
    by: Type.String(),
    at: Time('When.'),
    from: Type.String(),
    reason: Type.String(),
  }),
  { description: 'What people and programs did by the API, oldest first.' },
);
const MayDo = Type.Array(Type.String(), { description: 'Verbs that you have on it, e.g. approve.' });

export const UpdateSchema = Type.Object({
  ...UpdateSummarySchema.properties,
  actions: Actions,
  mayDo: Type.Array(Type.String(), { description: 'Verbs that you have on it; rollback: on its App.' }),
  steps: Type.Array(StepSchema, { description: 'Oldest first.' }),
  conditions: Type.Array(ConditionSchema),
  plan: Type.Optional(
    Whole(
      'What stood there, what is set, what going back sets; under workloads, helm, patch, manifests or git as in the status of the Update.',
    ),
  ),
  releaseNotes: Type.Optional(
    Type.String({ description: 'Where the release notes are, as spec.notify.releaseNotes of the App has it now.' }),
  ),
  restore: Type.Optional(Type.Object({ update: Type.String(), state: Type.String() })),
  supersedes: Type.Optional(Type.String()),
  tests: Type.Array(TestRecordSchema, { description: 'In the order in which they began.' }),
  checkpoint: Type.Optional(CheckpointSchema),
  dataRestore: Type.Optional(DataRestoreSchema),
});

export const AppSummarySchema = Type.Object({
  ...identity,
  labels: Type.Record(Type.String(), Type.String()),
  state: Type.Enum([...appStates], { description: 'For lists and colours.' }),
  ready: Type.String({ description: 'True, False or Unknown: the condition Ready.' }),
  suspended: Type.Boolean(),
  hold: Type.Optional(Hold),
  deploy: Type.String({ description: 'workloads, helm, patch, manifests or git.' }),
  current: Type.String({ description: 'Versions in use, as text.' }),
  available: Type.String({ description: 'Newer versions, as text; empty when there are none.' }),
  waiting: Type.Optional(Waiting),
  update: Type.Optional(
    Type.Object(
      {
        name: Type.String(),
        phase: Type.String(),
        open: Type.Boolean(),
        startedAt: Type.Optional(Time('When work on it began.')),
        finishedAt: Type.Optional(Time('When it ended.')),
        waiting: Type.Optional(Waiting),
      },
      { description: 'The last Update.' },
    ),
  ),
});

const SourceViewSchema = Type.Object({
  name: Type.String(),
  kind: Type.String({ description: 'image, chart, git, artifact or folder.' }),
  location: Type.String({ description: 'Repository, URL or path.' }),
  current: Type.Optional(VersionSchema),
  available: Type.Optional(VersionSchema),
  policy: Type.Optional(Whole('As the App has it.')),
});

export const ResourceSchema = Type.Object(
  {
    kind: Type.String(),
    namespace: Type.String(),
    name: Type.String(),
    health: Type.String({ description: 'Current, InProgress, Failed, Absent or Unknown.' }),
    message: Type.Optional(Type.String()),
    replicas: Type.Optional(
      Type.Object({
        wanted: Type.Integer(),
        updated: Type.Integer(),
        ready: Type.Integer(),
        available: Type.Integer(),
      }),
    ),
    images: Type.Optional(
      Type.Array(Type.Object({ container: Type.String(), image: Type.String(), init: Type.Boolean() })),
    ),
  },
  { description: 'An object that the App looks after.' },
);

export const AppSchema = Type.Object({
  ...AppSummarySchema.properties,
  why: Type.String({ description: 'In one sentence: what it runs, and why it does not move.' }),
  actions: Actions,
  mayDo: MayDo,
  annotations: Type.Record(Type.String(), Type.String()),
  generation: Type.Optional(Type.Integer()),
  conditions: Type.Array(ConditionSchema),
  sources: Type.Array(SourceViewSchema),
  resources: Type.Array(ResourceSchema),
  history: Type.Array(UpdateSummarySchema, { description: 'Updates of the App, newest first.' }),
  checkpoints: Type.Array(Type.Object({ update: Type.String(), ...CheckpointSchema.properties }), {
    description: 'Backups that its Updates made, newest first; update is the one before which it was made.',
  }),
  drill: Type.Optional(DrillStatusSchema),
  spec: Whole('What is to be kept up to date, and how; as in the App.'),
});

export const RejectionSchema = Type.Object({
  namespace: Type.String(),
  name: Type.String(),
  app: Type.Optional(Type.String({ description: 'The App it holds for; every App of the namespace when absent.' })),
  tag: Type.Optional(Type.String()),
  digest: Type.String(),
  reason: Type.String(),
  author: Type.String(),
  expiresAt: Type.Optional(Time('From when it may be taken again.')),
});

export const CandidatesSchema = Type.Object({
  source: Type.String(),
  candidates: Type.Array(Type.String(), { description: 'Versions that may be taken, best first.' }),
  rejected: Type.Array(Type.Object({ tag: Type.String(), reason: Type.String(), message: Type.String() }), {
    description: 'Versions that may not be taken, and why.',
  }),
  message: Type.Optional(Type.String({ description: 'Why nothing can be said, or nothing is taken.' })),
});

export const ObjectSchema = Type.Object(
  {
    ...identity,
    labels: Type.Record(Type.String(), Type.String()),
    spec: Whole('As in the object.'),
    status: Type.Optional(Whole('As in the object.')),
  },
  { description: 'An object as the cluster has it; its fields stand in docs/reference.' },
);

export const ApprovalSchema = Type.Object({
  update: UpdateSummarySchema,
  mayApprove: Type.Boolean({ description: 'The caller has the right to approve it.' }),
  hasApproved: Type.Boolean({ description: 'The caller has approved it already.' }),
});

export const HostSchema = Type.Object({
  host: Type.String(),
  inFlight: Type.Integer({ description: 'Requests under way.' }),
  waiting: Type.Integer({ description: 'Requests that wait for others.' }),
  silentUntil: Type.Optional(Time('Until when it is not asked, because it said so or could not be reached.')),
  budgets: Type.Array(
    Type.Object({
      counts: Type.String({ description: 'requests, or pulls.' }),
      limit: Type.Integer(),
      used: Type.Integer(),
      resetsAt: Type.Optional(Time('When the first of the used ones is free again.')),
    }),
  ),
});

export const SourceStateSchema = Type.Object({
  repository: Type.String(),
  kind: Type.String({ description: 'image, chart, git, artifact or folder.' }),
  apps: Type.Array(Type.Object({ namespace: Type.String(), name: Type.String(), source: Type.String() })),
  answeredAt: Type.Optional(Time('When it was asked last and has answered.')),
  error: Type.Optional(Type.String({ description: 'Code of the last error, if it has not answered since.' })),
});

export const PausedSchema = Type.Object({
  apps: Type.Integer({ description: 'Apps that you may see.' }),
  paused: Type.Integer({ description: 'Those of them that pausing has held.' }),
  reason: Type.Optional(Type.String({ description: 'Why, and who did it, as the first of them has it.' })),
  until: Type.Optional(Time('When the last of the holds ends by itself; absent where one stays until it is lifted.')),
  mayPause: Type.Boolean({ description: 'You have the verb hold on Apps of one namespace at least.' }),
});

export type PausedView = Static<typeof PausedSchema>;
export type AppSummary = Static<typeof AppSummarySchema>;
export type App = Omit<Static<typeof AppSchema>, 'mayDo'>;
export type UpdateSummary = Static<typeof UpdateSummarySchema>;
export type Update = Omit<Static<typeof UpdateSchema>, 'mayDo'>;
export type RejectionView = Static<typeof RejectionSchema>;
export type Resource = Static<typeof ResourceSchema>;
export type SourceState = Static<typeof SourceStateSchema>;
