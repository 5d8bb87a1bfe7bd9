/** Restore drills of an App, as written in the cluster: how they are asked for, and how the last one stands. */
import Type, { type Static } from 'typebox';
import { drillOutcomes, drillSteps } from '../../core/drill/drill.ts';
import { Duration, Text, Time } from '../schema-parts.ts';
import { TestRecordSchema } from '../update/test-record-codec.ts';

export const DrillSchema = Type.Object(
  {
    schedule: Type.Optional(
      Type.String({
        description: 'When, as spec.schedule.cron; only when somebody asks for one when absent.',
        minLength: 1,
        maxLength: 256,
      }),
    ),
    timeZone: Type.Optional(
      Type.String({ description: 'For example Europe/Amsterdam.', minLength: 1, maxLength: 64, default: 'UTC' }),
    ),
    timeout: Type.Optional(Duration('How long a drill may take.', '30m')),
  },
  {
    description:
      "Restore drills: the newest checkpoint is brought back into a namespace of its own, and the App's tests are run there.",
  },
);

export const DrillStatusSchema = Type.Object(
  {
    step: Type.Enum([...drillSteps], { description: 'What is done next. Ended: it is over.' }),
    namespace: Text('Where it is made. It goes with the drill, or a day later where it was to be kept.', 63),
    checkpoint: Type.Optional(Text('The checkpoint that is tried: the name of the Update that made it.', 253)),
    request: Type.Optional(
      Text(
        'The annotation that asked for it, or, where its schedule did, for the last one before that was asked for.',
        1_024,
      ),
    ),
    by: Text('Who asked for it.', 512),
    keep: Type.Optional(Type.Boolean({ description: 'The namespace stays for a day.' })),
    startedAt: Time('When it was begun.'),
    until: Time('When it is given up.'),
    finishedAt: Type.Optional(Time('When it was over.')),
    durationSeconds: Type.Optional(Type.Integer({ description: 'How long it took.', minimum: 0 })),
    namespaceUid: Type.Optional(Text('Of the namespace, once it is there.', 64)),
    job: Type.Optional(Text('The Job that brings back the data.', 63)),
    tests: Type.Optional(
      Type.Array(TestRecordSchema, {
        description: 'Tests of the App that were run on the copy.',
        maxItems: 200,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    ),
    outcome: Type.Optional(
      Type.Enum([...drillOutcomes], {
        description:
          'What it came to. Inconclusive: a test could not tell. Refused: it could not be tried, which says nothing about the checkpoint.',
      }),
    ),
    message: Type.Optional(Text('What there is to say.', 32_768)),
    lastPassedAt: Type.Optional(Time('When one passed last, this one or one before.')),
  },
  { description: 'The restore drill under way, or the last one.' },
);

export type DrillWire = Static<typeof DrillSchema>;
export type DrillStatusWire = Static<typeof DrillStatusSchema>;
