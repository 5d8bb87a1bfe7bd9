/** Candidates in the status of a Channel: the journal of the one under way, and what became of the others. */
import Type, { type Static } from 'typebox';
import { Text, Time, VersionSchema } from '../schema-parts.ts';
import { TestRecordSchema } from '../update/test-record-codec.ts';

const AppName = Text('Name of an App.', 63);

const SourceVersionsSchema = Type.Array(
  Type.Object({ source: Text('Name of the source.', 63), ...VersionSchema.properties }),
  { maxItems: 20 },
);

const CandidateAppSchema = Type.Object({
  name: AppName,
  from: { ...SourceVersionsSchema, description: 'What ran when the candidate began, of each source.' },
  to: Type.Optional({ ...SourceVersionsSchema, description: 'What is new; absent where the App stays.' }),
});

const TestRecordsSchema = Type.Array(TestRecordSchema, {
  maxItems: 32,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
});

const TrialSchema = Type.Object({
  purpose: Type.Enum(['Release', 'Search', 'Return'], {
    description:
      'Release: what passes is released. Search: it is found out who is to blame. Return: the Apps go back, and nothing is tried.',
  }),
  members: Type.Array(AppName, { description: 'Apps that run their new version.', maxItems: 200 }),
  soaks: Type.Boolean({ description: 'Whether it has to run for spec.soak as well.' }),
  path: Type.Optional(
    Type.Object(
      {
        kind: Type.Enum(['Install', 'Upgrade'], {
          description: 'A clean install, or an upgrade from an older Release.',
        }),
        from: Type.Optional(Text('The older Release.', 253)),
      },
      { description: 'On which it is tried in the scratch namespace; absent in the test cluster itself.' },
    ),
  ),
  startedAt: Time('When it began.'),
  scratch: Type.Optional(Text('The scratch namespace.', 63)),
  basedAt: Type.Optional(Time('Since when the older Release runs in the scratch namespace.')),
  arrivedAt: Type.Optional(Time('Since when all Apps run what they shall.')),
  tests: Type.Optional({ ...TestRecordsSchema, description: 'Tests of the Channel.' }),
  appTests: Type.Optional(
    Type.Array(
      Type.Object({
        name: Text('App and test, with a slash between them.', 191),
        startedAt: Time('When it began.'),
        finishedAt: Time('When it had passed.'),
        logDigest: Type.Optional(Text('SHA-256 of what it wrote or was answered.', 256)),
      }),
      { description: "The Apps' own tests that passed in the scratch namespace.", maxItems: 500 },
    ),
  ),
  testedAt: Type.Optional(Time('Since when all tests have passed.')),
  watches: Type.Optional({ ...TestRecordsSchema, description: 'Metrics that are watched while it soaks.' }),
  unwellSince: Type.Optional(Time('Since when an App is not well while it soaks.')),
  clearedAt: Type.Optional(Time('Since when nothing is left of it in the scratch namespace.')),
  result: Type.Optional(
    Type.Object(
      {
        kind: Type.Enum(['Passed', 'Failed', 'Unclear'], { description: 'Unclear speaks against nobody.' }),
        at: Time('When.'),
        message: Text('Why, for people.', 32_768),
        blames: Type.Array(AppName, { description: 'Apps whose own Update went back.', maxItems: 200 }),
        inSoak: Type.Boolean({ description: 'It had passed its tests before.' }),
      },
      { description: 'What it came to; absent while it goes on.' },
    ),
  ),
});

const FaultSchema = Type.Object({
  apps: Type.Array(AppName, { description: 'One alone, or several that fail together.', maxItems: 200 }),
  reason: Text('Why, for people.', 32_768),
});

const Faults = Type.Array(FaultSchema, { description: 'New versions that are not released.', maxItems: 200 });

export const CandidateSchema = Type.Object(
  {
    number: Type.Integer({ description: 'Counts the candidates of the Channel.', minimum: 1 }),
    startedAt: Time('When it was made.'),
    basis: Text('Hash of the definitions of its Apps; with others it would be another candidate.', 128),
    apps: Type.Array(CandidateAppSchema, { description: 'All Apps of the Channel.', maxItems: 200 }),
    trials: Type.Array(TrialSchema, { description: 'What was tried, oldest first.', maxItems: 64 }),
    faults: Faults,
    approvals: Type.Optional(
      Type.Array(Type.Object({ by: Text('Who, as the API server knows them.', 512), at: Time('When.') }), {
        description: 'By people, for this candidate.',
        maxItems: 100,
      }),
    ),
    release: Type.Optional(Text('The Release that was made of it.', 253)),
  },
  { description: 'New versions that are tried together at the moment.' },
);

export const CandidateRecordSchema = Type.Object({
  number: Type.Integer({ description: 'Counts the candidates of the Channel.', minimum: 1 }),
  startedAt: Time('When it was made.'),
  endedAt: Time('When it ended.'),
  outcome: Type.Enum(['Released', 'Rejected', 'Unclear'], {
    description: 'Unclear: it could not be said who is to blame, and it is tried again later.',
  }),
  message: Text('Why, for people.', 32_768),
  brought: Text('What was new, for people.', 4_096),
  trials: Type.Integer({ description: 'How many trials it took.', minimum: 0 }),
  faults: Faults,
  key: Text('Hash of what was tried; the same is not tried again.', 128),
  release: Type.Optional(Text('The Release that was made of it.', 253)),
});

export const BarredSchema = Type.Object({
  parts: Type.Array(
    Type.Object({
      app: AppName,
      digests: Type.Array(Text('Digest.', 256), { description: 'Of its versions that were tried.', maxItems: 20 }),
    }),
    {
      description: 'Versions of several Apps.',
      maxItems: 200,
    },
  ),
  reason: Text('Why, for people.', 4_096),
});

export type CandidateWire = Static<typeof CandidateSchema>;
export type CandidateRecordWire = Static<typeof CandidateRecordSchema>;
export type BarredWire = Static<typeof BarredSchema>;
