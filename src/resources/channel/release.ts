/** The Release as written in the cluster of the hub, and as the file of that name in its channel: a set of exact versions that were tested together. */
import Type, { type Static } from 'typebox';
import { Conditions, DnsLabel, Text, Time } from '../schema-parts.ts';

/** Also the name of a file in the channel, and of a role of TUF. */
export const ReleaseName = { minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' };

const Sha256 = (description: string) => Type.String({ description, pattern: '^[a-f0-9]{64}$', maxLength: 64 });

/** As of a Rejection: whatever kind of source it comes from. */
const Digest = (description: string) =>
  Type.String({ description, pattern: '^[a-z0-9]+:[a-f0-9]{32,128}$', maxLength: 256 });

const TargetPath = Type.String({
  description: 'Where the file is in the channel, for example apps/web/chart-1.2.3.tgz.',
  pattern: '^[a-z0-9][-a-z0-9.]*(/[A-Za-z0-9][-A-Za-z0-9._+]*)+$',
  maxLength: 512,
});

const ReleasedVersionSchema = Type.Object({
  source: Type.String({ description: 'Name of the source within the App.', ...DnsLabel }),
  kind: Type.Enum(['Image', 'Chart', 'Git', 'Artifact', 'Folder'], { description: 'What kind of source it is.' }),
  location: Text('Where it came from, as the App writes it: a repository, or a folder.', 512),
  tag: Type.Optional(Text('Tag, or version of a chart.', 128)),
  digest: Digest('Digest of exactly this version.'),
  target: Type.Optional({
    ...TargetPath,
    description: 'The file in the channel that holds it; images stay where they are.',
  }),
});

const ReleasedAppSchema = Type.Object({
  name: Type.String({ description: 'Name of the App.', ...DnsLabel, maxLength: 52 }),
  namespace: Type.String({ description: 'Its namespace in the hub; clusters may choose another.', ...DnsLabel }),
  definition: Type.String({
    description: 'spec of the App as JSON, as it was when the set was tested.',
    minLength: 2,
    maxLength: 65_536,
  }),
  versions: Type.Array(ReleasedVersionSchema, {
    description: 'One for each of its sources.',
    minItems: 1,
    maxItems: 20,
  }),
});

const ReleaseTargetSchema = Type.Object({
  path: TargetPath,
  app: Type.Optional(
    Type.String({ description: 'The App whose role in the channel signs it.', ...DnsLabel, maxLength: 52 }),
  ),
  kind: Type.Enum(['Chart', 'Manifests', 'Evidence'], {
    description:
      'Chart: an archive as Helm packs it. Manifests: a tree of files as one tar.gz. Evidence: what the tests say.',
  }),
  length: Type.Integer({ description: 'Bytes.', minimum: 0, maximum: 1_073_741_824 }),
  sha256: Sha256('Of its content.'),
});

const ReleaseChangeSchema = Type.Object({
  app: Text('Name of the App.', 63),
  kind: Type.Enum(['Added', 'Removed', 'Version', 'Definition'], {
    description: 'Version: one of its sources moved. Definition: its spec changed otherwise.',
  }),
  source: Type.Optional(Text('Name of the source that moved.', 63)),
  from: Type.Optional(Text('Tag or digest before.', 256)),
  to: Type.Optional(Text('Tag or digest now.', 256)),
});

const LinkSchema = Type.Object({
  name: Text('What it leads to.', 128),
  url: Type.String({ description: 'https://...', pattern: '^https?://[^ ]+$', maxLength: 1024 }),
});

/** What every cluster needs, in the hub and in the channel alike. */
export const ReleaseSpecSchema = Type.Object(
  {
    channel: Type.String({ description: 'The Channel that it was made for.', ...ReleaseName }),
    sequence: Type.Integer({ description: 'Counts the Releases of the channel; the higher is the newer.', minimum: 1 }),
    createdAt: Time('When the set had passed.'),
    previous: Type.Optional(Text('Name of the Release before it.', 253)),
    apps: Type.Array(ReleasedAppSchema, {
      description: 'What belongs to it.',
      minItems: 1,
      maxItems: 200,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
    targets: Type.Optional(
      Type.Array(ReleaseTargetSchema, { description: 'Its files in the channel.', maxItems: 1000 }),
    ),
    barrier: Type.Optional(
      Type.Boolean({
        description: 'Clusters have to run it before they take anything newer, for example because it migrates data.',
        default: false,
      }),
    ),
    deadEnds: Type.Optional(
      Type.Array(
        Type.Object({
          release: Type.String({ description: 'Name of a Release.', ...ReleaseName }),
          reason: Text('Why, for people.', 1024),
        }),
        { description: 'Older Releases that were withdrawn by then.', maxItems: 100 },
      ),
    ),
    requires: Type.Optional(
      Type.Object(
        {
          headgate: Type.Optional(Text('Range of versions of Headgate that understand it, for example >=0.3.', 128)),
          kubernetes: Type.Optional(Text('Range of versions of Kubernetes that it runs on.', 128)),
        },
        { description: 'What a cluster must have.' },
      ),
    ),
    notes: Type.Optional(Text('What is new, for people.', 32_768)),
    links: Type.Optional(Type.Array(LinkSchema, { description: 'Where people read more.', maxItems: 32 })),
    changes: Type.Optional(
      Type.Array(ReleaseChangeSchema, { description: 'What is new against the one before.', maxItems: 1000 }),
    ),
    soakedFor: Type.Optional(
      Type.Integer({ description: 'How long it ran in the hub before it was released, in seconds.', minimum: 0 }),
    ),
  },
  {
    description: 'Exact versions that were tested together. Does not change once written.',
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'a Release cannot be changed; make a new one' }],
  },
);

export const ReleaseStatusSchema = Type.Object({
  conditions: Type.Optional(Conditions),
  published: Type.Optional(
    Type.Object(
      {
        at: Time('When.'),
        snapshot: Type.Optional(Type.Integer({ description: 'Version of the snapshot that had it first.' })),
      },
      { description: 'Set once the channel has it.' },
    ),
  ),
  withdrawn: Type.Optional(
    Type.Object(
      { at: Time('When.'), reason: Text('Why, for people.', 1024), by: Type.Optional(Text('By whom.', 512)) },
      { description: 'It is a dead end: no cluster takes it any more.' },
    ),
  ),
  apps: Type.Optional(Text('Names of its Apps, for tables.', 4096)),
});

export type ReleaseSpecWire = Static<typeof ReleaseSpecSchema>;
export type ReleaseStatusWire = Static<typeof ReleaseStatusSchema>;
