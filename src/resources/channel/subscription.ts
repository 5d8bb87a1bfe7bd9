/** The Subscription as written in a cluster that takes its versions from a channel. */
import Type, { type Static } from 'typebox';
import { channelAddressPattern } from '../../core/channel/address.ts';
import { GatesSchema } from '../app/gates.ts';
import { Conditions, DnsLabel, Duration, SecretReference, Text, Time, WaitingSchema } from '../schema-parts.ts';
import { SubscriptionReportSchema } from './channel-reports.ts';
import { ReleaseName } from './release.ts';
import { OverlaySchema } from './subscription-overlay.ts';

const AppName = { ...DnsLabel, maxLength: 52 };

const TrustedRootSchema = Type.Object(
  {
    kind: Type.Optional(
      Type.Enum(['ConfigMap', 'Secret'], { description: 'Kind of the object.', default: 'ConfigMap' }),
    ),
    name: Type.String({ description: 'Name, in the same namespace.', minLength: 1, maxLength: 253 }),
    key: Type.Optional(Type.String({ description: 'Its entry.', maxLength: 253, default: 'root.json' })),
  },
  { description: 'Object with the root.json of the channel that people handed over; newer ones are found from there.' },
);

const EvidenceSchema = Type.Object(
  {
    kubernetes: Type.Optional(
      Text('Range of versions of Kubernetes on which it must have passed, for example >=1.34.', 128),
    ),
    minimumSoak: Type.Optional(Duration('How long it must have run in the hub.')),
    minimumAge: Type.Optional(Duration('How long it must have been published.')),
    tests: Type.Optional(
      Type.Array(Text('Name of a test.', 128), { description: 'Tests that it must have passed.', maxItems: 64 }),
    ),
  },
  { description: 'What a Release must have proven before it is taken.' },
);

export const SubscriptionSpecSchema = Type.Object(
  {
    suspend: Type.Optional(Type.Boolean({ description: 'Look for nothing new.', default: false })),
    url: Type.String({
      description:
        'Where the channel is: https://host/path/, s3://bucket/prefix?endpoint=https://host, oci://host/repository, git+https://host/repository, or file:///path for one that was carried over.',
      pattern: channelAddressPattern,
      maxLength: 1024,
    }),
    mirrors: Type.Optional(
      Type.Array(Type.String({ pattern: channelAddressPattern, maxLength: 1024 }), {
        description: 'The same files elsewhere, asked in this order where the url does not answer.',
        maxItems: 8,
      }),
    ),
    secretRef: Type.Optional({
      ...SecretReference,
      description:
        'Secret for the url: username and password; accessKeyId and secretAccessKey for s3; .dockerconfigjson for oci; identity and known_hosts for git over ssh.',
    }),
    certSecretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret whose key ca.crt holds certificates (PEM) to trust for the url.',
    }),
    trustedRoot: TrustedRootSchema,
    interval: Type.Optional(Duration('How often the channel is looked at.', '30m')),
    wariness: Type.Optional(
      Type.Number({
        description: 'How late in a rollout, from 0 (first) to 1 (last). Somewhere, by chance, when absent.',
        minimum: 0,
        maximum: 1,
      }),
    ),
    group: Type.Optional(
      Type.String({ description: 'Group of clusters; channels may let one go first.', ...DnsLabel }),
    ),
    mode: Type.Optional(
      Type.Enum(['Follow', 'Hold'], { description: 'Hold: stay with what is here.', default: 'Follow' }),
    ),
    pin: Type.Optional(
      Type.String({ description: 'Name of the Release to run, also when newer ones are there.', ...ReleaseName }),
    ),
    gates: Type.Optional({ ...GatesSchema, description: 'Gates of its Apps; those of an overlay go before.' }),
    evidence: Type.Optional(EvidenceSchema),
    apps: Type.Optional(
      Type.Array(Type.String(AppName), { description: 'Which Apps of the channel; all when absent.', maxItems: 200 }),
    ),
    newApps: Type.Optional(
      Type.Enum(['Install', 'Ignore'], {
        description: 'What becomes of Apps that a Release brings and that are not here yet.',
        default: 'Install',
      }),
    ),
    droppedApps: Type.Optional(
      Type.Enum(['Keep', 'Delete'], {
        description:
          'What becomes of Apps that a Release has no more. Delete: the App goes, and what it applied as its own deletion says.',
        default: 'Keep',
      }),
    ),
    onWithdrawn: Type.Optional(
      Type.Enum(['Tell', 'GoBack'], {
        description: 'Where the Release that runs is withdrawn: say so, or go back to the one before.',
        default: 'Tell',
      }),
    ),
    report: Type.Optional(SubscriptionReportSchema),
    namespaces: Type.Optional(
      Type.Record(Type.String(), Type.String(DnsLabel), {
        description: "Where Apps of a namespace of the hub go; the Subscription's own namespace when absent.",
      }),
    ),
    overlay: Type.Optional(
      Type.Array(OverlaySchema, {
        description: 'What is different here, by App.',
        maxItems: 200,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['app'],
      }),
    ),
  },
  {
    description: 'Which channel to follow, whom to trust, when, and how early.',
    'x-kubernetes-validations': [
      { rule: "!has(self.pin) || self.mode == 'Follow'", message: 'pin goes with mode Follow' },
    ],
  },
);

export const SubscriptionStatusSchema = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ description: 'metadata.generation that this status is about.' })),
  conditions: Type.Optional(Conditions),
  waiting: Type.Optional(WaitingSchema),
  release: Type.Optional(Text('The Release whose versions the Apps are given.', 253)),
  sequence: Type.Optional(Type.Integer({ description: 'Its place among the Releases of the channel.' })),
  formerRelease: Type.Optional(Text('The one before.', 253)),
  since: Type.Optional(Time('Since when the Apps are given it.')),
  available: Type.Optional(Text('The newest Release that may be taken, if newer.', 253)),
  position: Type.Optional(
    Type.Number({ description: 'Where in the rollout of the newest Release this cluster stands, from 0 to 1.' }),
  ),
  channel: Type.Optional(
    Type.Object(
      {
        root: Type.Optional(Type.Integer({ description: 'Version of the root.' })),
        timestamp: Type.Optional(Type.Integer({ description: 'Version of the timestamp.' })),
        expires: Type.Optional(Time('Until when it may bring something new.')),
        refreshedAt: Type.Optional(Time('When the channel changed last.')),
      },
      { description: 'What was verified of the channel.' },
    ),
  ),
  reported: Type.Optional(
    Type.Object(
      {
        release: Text('The Release.', 253),
        outcome: Type.Enum(['Succeeded', 'WentBack'], { description: 'What became of it here.' }),
      },
      { description: 'What the hub was told last.' },
    ),
  ),
  apps: Type.Optional(
    Type.Array(
      Type.Object({
        name: Text('Name of the App.', 63),
        namespace: Text('Its namespace here.', 63),
        state: Type.Enum(['Current', 'Pending', 'Ignored', 'Dropped', 'Rejected'], {
          description: 'How it stands to the Release.',
        }),
      }),
      { description: 'The Apps of the Release.', maxItems: 400 },
    ),
  ),
});

export type SubscriptionSpecWire = Static<typeof SubscriptionSpecSchema>;
export type SubscriptionStatusWire = Static<typeof SubscriptionStatusSchema>;
