/** The App as written in the cluster. */
import Type, { type Static } from 'typebox';
import { passedOverReasons } from '../../core/policy/passed-over.ts';
import { clockOrigins } from '../../core/policy/requirements.ts';
import { ActionsSchema } from '../action-record.ts';
import { DrillStatusSchema } from '../checkpoint/drill.ts';
import {
  Conditions,
  DnsLabel,
  Duration,
  SecretReference,
  Text,
  Time,
  VersionSchema,
  WaitingSchema,
} from '../schema-parts.ts';
import { ScheduleSchema, TriggerSchema } from './app-checks.ts';
import { AppTestsSchema } from './app-tests.ts';
import { BackupSchema, RollbackSchema } from './backup.ts';
import { GatesSchema } from './gates.ts';
import { GitDeploySchema } from './git-deploy.ts';
import { HealthChecksSchema } from './health-check.ts';
import { HelmDeploySchema } from './helm-deploy.ts';
import { FolderSchema, ManifestsSchema } from './manifests-deploy.ts';
import { NotifySchema } from './notify.ts';
import { PatchSchema } from './patch-deploy.ts';
import { PolicySchema } from './policy.ts';
import { ArtifactSchema, ChartSchema, GitSchema } from './sources.ts';
import { TargetSchema } from './target.ts';
import { VerifySchema } from './verify.ts';

const ImageSchema = Type.Object(
  {
    repository: Type.String({
      description: 'Where the tags are listed, without tag and digest, for example ghcr.io/org/app.',
      minLength: 1,
      maxLength: 512,
    }),
    policy: PolicySchema,
    insecure: Type.Optional(Type.Boolean({ description: 'Talk plain http to the registry.', default: false })),
    secretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret of type kubernetes.io/dockerconfigjson with credentials for the registry.',
    }),
    certSecretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret whose key ca.crt holds certificates (PEM) to trust for the registry.',
    }),
    verify: Type.Optional(VerifySchema),
  },
  { description: 'A container image repository.' },
);

const SourceSchema = Type.Object(
  {
    name: Type.String({ description: 'Name of the source within the App.', ...DnsLabel }),
    image: Type.Optional(ImageSchema),
    chart: Type.Optional(ChartSchema),
    git: Type.Optional(GitSchema),
    artifact: Type.Optional(ArtifactSchema),
    folder: Type.Optional(FolderSchema),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: '[has(self.image), has(self.chart), has(self.git), has(self.artifact), has(self.folder)].filter(x, x).size() == 1',
        message: 'exactly one of image, chart, git, artifact and folder must be set',
      },
    ],
  },
);

const WorkloadsSchema = Type.Object(
  {
    targets: Type.Array(TargetSchema, {
      description: 'Which workloads, and which of their containers.',
      minItems: 1,
      maxItems: 32,
    }),
    imageReference: Type.Optional(
      Type.Enum(['Digest', 'Tag'], {
        description: 'How the image is written: Digest gives repo:tag@sha256:..., Tag gives repo:tag.',
        default: 'Digest',
      }),
    ),
    changeCause: Type.Optional(
      Type.Boolean({
        description: 'Write both versions into the annotation kubernetes.io/change-cause, which rollout history shows.',
        default: false,
      }),
    ),
  },
  { description: 'Sets the images of workloads that are already in the cluster.' },
);

export const AppSpecSchema = Type.Object(
  {
    interval: Type.Optional(Duration('How often the sources are checked.', '5m')),
    schedule: Type.Optional(ScheduleSchema),
    trigger: Type.Optional(TriggerSchema),
    suspend: Type.Optional(
      Type.Boolean({ description: 'Check nothing and start no Update; one under way is finished.', default: false }),
    ),
    sources: Type.Array(SourceSchema, {
      description: 'What can have a new version. All sources of one App move together.',
      minItems: 1,
      maxItems: 20,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
    deploy: Type.Object(
      {
        workloads: Type.Optional(WorkloadsSchema),
        helm: Type.Optional(HelmDeploySchema),
        patch: Type.Optional(PatchSchema),
        manifests: Type.Optional(ManifestsSchema),
        git: Type.Optional(GitDeploySchema),
      },
      {
        description: 'How a new version is put in place. Exactly one of its fields.',
        'x-kubernetes-validations': [
          {
            rule: '[has(self.workloads), has(self.helm), has(self.patch), has(self.manifests), has(self.git)].filter(x, x).size() == 1',
            message: 'exactly one of workloads, helm, patch, manifests and git must be set',
          },
        ],
      },
    ),
    health: Type.Optional(
      Type.Object(
        {
          timeout: Type.Optional(Duration('How long a new version may take to become healthy.', '5m')),
          stableFor: Type.Optional(Duration('How long it must stay healthy before the Update is done.', '30s')),
          checks: Type.Optional(HealthChecksSchema),
        },
        { description: 'When an Update counts as good.', default: {} },
      ),
    ),
    tests: Type.Optional(AppTestsSchema),
    gates: Type.Optional(GatesSchema),
    backup: Type.Optional(BackupSchema),
    rollback: Type.Optional(RollbackSchema),
    notify: Type.Optional(NotifySchema),
    dependsOn: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
        description: 'Apps of the same namespace that must be ready before an Update of this one starts.',
        maxItems: 50,
      }),
    ),
    historyLimit: Type.Optional(
      Type.Integer({ description: 'How many ended Updates are kept.', minimum: 2, maximum: 200, default: 20 }),
    ),
  },
  { description: 'What is to be kept up to date, and how.' },
);

const PassedOverSchema = Type.Array(
  Type.Object({
    tag: Text('Tag, or version of a chart.', 256),
    reason: Type.Enum([...passedOverReasons], { description: 'One word; see the guide on policies.' }),
    message: Text('The same for people.', 1_024),
  }),
  {
    description: 'Newer versions that are not taken: those that nearly were, then the newest of the others.',
    maxItems: 10,
  },
);

export const AppStatusSchema = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ description: 'metadata.generation that this status is about.' })),
  conditions: Type.Optional(Conditions),
  waiting: Type.Optional(WaitingSchema),
  sources: Type.Optional(
    Type.Array(
      Type.Object({
        name: Text('Name of the source.', 63),
        current: Type.Optional({ ...VersionSchema, description: 'What the workloads are set to.' }),
        available: Type.Optional({ ...VersionSchema, description: 'The newest version that may be taken, if newer.' }),
        passedOver: Type.Optional(PassedOverSchema),
        passedOverCount: Type.Optional(
          Type.Integer({ description: 'How many newer versions are not taken, listed or not.' }),
        ),
      }),
      {
        description: 'What each source runs and offers.',
        maxItems: 20,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
    ),
  ),
  workloads: Type.Optional(
    Type.Array(Text('Kind/name.', 300), { description: 'The workloads that the targets match.', maxItems: 1000 }),
  ),
  firstSeen: Type.Optional(
    Type.Array(
      Type.Object({
        source: Text('Name of the source.', 63),
        digest: Text('Digest of a candidate.', 256),
        tag: Type.Optional(Text('Tag by which it was seen.', 128)),
        at: Time('Since when its age counts.'),
        by: Type.Optional(
          Type.Enum([...clockOrigins], {
            description:
              'Created: by its maker. Otherwise it was seen first then; Untold: its maker was asked and tells nothing.',
          }),
        ),
      }),
      { description: 'The clocks of minimumAge: when candidates were seen first.', maxItems: 400 },
    ),
  ),
  update: Type.Optional(Text('Name of the open Update, or of the last one.', 253)),
  actions: Type.Optional(ActionsSchema),
  drill: Type.Optional(DrillStatusSchema),
  current: Type.Optional(Text('Tags in use, for tables.', 4096)),
  available: Type.Optional(Text('Newer tags, for tables.', 4096)),
  availableSince: Type.Optional(Time('Since when there has been something newer than what runs.')),
});

export type AppSpecWire = Static<typeof AppSpecSchema>;
export type SourceWire = Static<typeof SourceSchema>;
