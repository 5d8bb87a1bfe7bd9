/** The Channel as written in the cluster of the hub: which Apps are released together, how, and where to. */
import Type, { type Static } from 'typebox';
import { ActionsSchema } from '../action-record.ts';
import { AppTestsSchema } from '../app/app-tests.ts';
import { GatesSchema } from '../app/gates.ts';
import { NotifySchema } from '../app/notify.ts';
import { Conditions, DnsLabel, Duration, Text, Time, WaitingSchema } from '../schema-parts.ts';
import { BarredSchema, CandidateRecordSchema, CandidateSchema } from './candidate.ts';
import { ChannelPublishSchema } from './channel-publish.ts';
import { ChannelReportsSchema } from './channel-reports.ts';
import { TryOnSchema } from './channel-try-on.ts';
import { ReleaseName } from './release.ts';

const AppName = { ...DnsLabel, maxLength: 52 };

const SelectorSchema = Type.Object(
  {
    names: Type.Optional(
      Type.Array(Type.String(AppName), { description: "Apps of the Channel's namespace by name.", maxItems: 200 }),
    ),
    matchLabels: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 63 }), {
        description: "Apps of the Channel's namespace that have all these labels.",
      }),
    ),
  },
  {
    description: 'Which Apps belong together.',
    'x-kubernetes-validations': [
      { rule: 'has(self.names) || has(self.matchLabels)', message: 'names or matchLabels must be set' },
    ],
  },
);

export const RolloutSchema = Type.Object(
  {
    duration: Type.Optional(Duration('How long it takes until every cluster may have a Release.', '0s')),
    curve: Type.Optional(
      Type.Array(
        Type.Object({
          after: Duration('Since it was published.'),
          percent: Type.Number({
            description: 'Share of the clusters that may have it then.',
            minimum: 0,
            maximum: 100,
          }),
        }),
        {
          description: 'Points between which the share grows evenly; straight from 0 to 100 over duration when absent.',
          maxItems: 32,
        },
      ),
    ),
    canary: Type.Optional(
      Type.Object(
        {
          group: Type.String({ description: 'Name of the group of clusters.', ...DnsLabel }),
          duration: Duration('How long only they may have it; the curve begins after that.'),
        },
        { description: 'Who goes first.' },
      ),
    ),
    paused: Type.Optional(
      Type.Boolean({ description: 'Clusters that do not have the newest Release yet do not take it.', default: false }),
    ),
  },
  { description: 'How a Release spreads over the clusters.' },
);

const RequirementSchema = Type.Object({
  app: Type.String({ description: 'An App of the channel.', ...AppName }),
  version: Type.Optional(Text('Only where its version is in this range; always when absent.', 256)),
  needs: Type.Object(
    {
      app: Type.Optional(Type.String({ description: 'Another App of the channel.', ...AppName })),
      version: Type.Optional(Text('Range in which the version of that App has to be, for example >=2.1.', 256)),
      kubernetes: Type.Optional(Text('Range in which the version of Kubernetes has to be.', 256)),
    },
    { description: 'What goes with it.' },
  ),
});

export const ChannelSpecSchema = Type.Object(
  {
    suspend: Type.Optional(
      Type.Boolean({ description: 'Make and publish no Release; what is published is kept fresh.', default: false }),
    ),
    apps: SelectorSchema,
    releases: Type.Optional(
      Type.Enum(['Automatic', 'Manual'], {
        description:
          'Automatic: new versions of its Apps are tried together, and what passes is released; the Apps take nothing new by themselves. Manual: you create the Releases.',
        default: 'Automatic',
      }),
    ),
    tests: Type.Optional({
      ...AppTestsSchema,
      description: 'What is tried once all its Apps run a set, besides their own tests.',
    }),
    requires: Type.Optional(
      Type.Array(RequirementSchema, { description: 'What versions of its Apps need of each other.', maxItems: 100 }),
    ),
    tryOn: Type.Optional(TryOnSchema),
    soak: Type.Optional(Duration('How long a set that passed its tests has to run in the hub.', '0s')),
    schedule: Type.Optional(
      Type.Object(
        {
          cron: Type.String({
            description: 'When sets are made, for example 0 2 * * *.',
            minLength: 1,
            maxLength: 256,
          }),
          timeZone: Type.Optional(
            Type.String({ description: 'For example Europe/Amsterdam.', maxLength: 64, default: 'UTC' }),
          ),
        },
        { description: 'When sets of new versions are made; after spec.gather when absent.' },
      ),
    ),
    gather: Type.Optional(
      Duration(
        'How long new versions are gathered into one set, from the first on, where there is no schedule.',
        '30s',
      ),
    ),
    gates: Type.Optional({
      ...Type.Pick(GatesSchema, ['approvals', 'windows']),
      description: 'What has to be given before a set is released.',
    }),
    notify: Type.Optional({
      ...Type.Pick(NotifySchema, ['channels', 'to']),
      description: 'Who is told of its candidates and Releases, and of what is wrong with publishing them.',
    }),
    rollout: Type.Optional(RolloutSchema),
    publish: ChannelPublishSchema,
    reports: Type.Optional(ChannelReportsSchema),
    deadEnds: Type.Optional(
      Type.Array(
        Type.Object({
          release: Type.String({ description: 'Name of a Release.', ...ReleaseName }),
          reason: Text('Why, for people.', 1024),
        }),
        {
          description: 'Releases that were withdrawn: clusters do not take them, and those that run one are told.',
          maxItems: 100,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['release'],
        },
      ),
    ),
    retention: Type.Optional(
      Type.Integer({ description: 'How many Releases stay in the channel.', minimum: 2, maximum: 100, default: 20 }),
    ),
  },
  { description: 'Which Apps are tested and released together, and where the Releases go.' },
);

export const ChannelStatusSchema = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ description: 'metadata.generation that this status is about.' })),
  conditions: Type.Optional(Conditions),
  waiting: Type.Optional(WaitingSchema),
  apps: Type.Optional(Type.Array(Text('Name of an App.', 63), { description: 'Its Apps.', maxItems: 200 })),
  pendingSince: Type.Optional(Time('Since when there is something new that no candidate has.')),
  candidate: Type.Optional(CandidateSchema),
  candidates: Type.Optional(
    Type.Array(CandidateRecordSchema, { description: 'What became of the last ones, newest first.', maxItems: 20 }),
  ),
  barred: Type.Optional(
    Type.Array(BarredSchema, { description: 'Versions that do not go together; learned, newest first.', maxItems: 50 }),
  ),
  actions: Type.Optional(ActionsSchema),
  release: Type.Optional(Text('The newest Release that is published.', 253)),
  published: Type.Optional(
    Type.Object(
      {
        at: Time('When something was published last.'),
        expires: Time('When clusters take nothing new any more unless it is signed anew; that happens by itself.'),
        rootExpires: Type.Optional(Time('When the root has to be signed anew, by people.')),
      },
      { description: 'What is in the channel.' },
    ),
  ),
});

export type ChannelSpecWire = Static<typeof ChannelSpecSchema>;
export type RolloutWire = Static<typeof RolloutSchema>;
export type ChannelStatusWire = Static<typeof ChannelStatusSchema>;
