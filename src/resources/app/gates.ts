/** What has to be given before an Update of an App changes anything, as written in the cluster. */
import Type, { type Static } from 'typebox';
import { preflightChecks } from '../../core/preflight/preflight.ts';
import { DnsLabel, Duration } from '../schema-parts.ts';
import { VetoSchema } from './vetoes.ts';

export const WindowSchema = Type.Object(
  {
    kind: Type.Enum(['Allow', 'Deny'], {
      description: 'Allow: Updates begin only in it. Deny: none begins in it, whatever Allow says.',
    }),
    cron: Type.Optional(
      Type.String({
        description: 'When it opens: five fields (minute first), or six (second first), or @daily and the like.',
        minLength: 1,
        maxLength: 256,
      }),
    ),
    days: Type.Optional(
      Type.Array(Type.Enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']), {
        description: 'In place of cron: the days on which it opens at startTime; all when absent.',
        maxItems: 7,
      }),
    ),
    startTime: Type.Optional(
      Type.String({
        description: 'In place of cron: when it opens on its days, for example 02:00.',
        pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
        maxLength: 5,
      }),
    ),
    rrule: Type.Optional(
      Type.String({
        description:
          'In place of cron: an RRULE (RFC 5545) with FREQ, BYMONTH, BYMONTHDAY, BYDAY, BYHOUR and BYMINUTE, for example FREQ=WEEKLY;BYDAY=SA;BYHOUR=2;BYMINUTE=0.',
        minLength: 1,
        maxLength: 512,
      }),
    ),
    duration: Duration('How long it stays open.'),
    timeZone: Type.Optional(
      Type.String({ description: 'For example Europe/Amsterdam.', minLength: 1, maxLength: 64, default: 'UTC' }),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: '[has(self.cron), has(self.startTime), has(self.rrule)].filter(x, x).size() == 1',
        message: 'exactly one of cron, startTime and rrule must be set',
      },
    ],
  },
);

const PredecessorSchema = Type.Object(
  {
    namespace: Type.Optional(Type.String({ description: 'Of those Apps; the same when absent.', ...DnsLabel })),
    app: Type.Optional(Type.String({ description: 'Name of an App.', minLength: 1, maxLength: 253 })),
    matchLabels: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 63 }), {
        description: 'In place of app: every App with these labels, at least one.',
        maxProperties: 16,
      }),
    ),
    soak: Type.Optional(Duration('How long the versions must have run there.', '0s')),
  },
  {
    'x-kubernetes-validations': [
      { rule: 'has(self.app) != has(self.matchLabels)', message: 'exactly one of app and matchLabels must be set' },
    ],
  },
);

export const GatesSchema = Type.Object(
  {
    approvals: Type.Optional(
      Type.Object(
        {
          required: Type.Integer({
            description: 'How many people have to approve an Update before it starts; 0 is nobody.',
            minimum: 0,
            maximum: 100,
          }),
          deadline: Type.Optional(Duration('How long they have.', '24h')),
        },
        { description: 'Approvals by people.' },
      ),
    ),
    windows: Type.Optional(
      Type.Array(WindowSchema, {
        description: 'When Updates may begin; at any time when there is none.',
        maxItems: 32,
      }),
    ),
    atWindowEnd: Type.Optional(
      Type.Enum(['Finish', 'Undo'], {
        description: 'What becomes of an Update that is under way when the windows close.',
        default: 'Finish',
      }),
    ),
    coolDown: Type.Optional(
      Type.Object(
        {
          afterSuccess: Type.Optional(Duration('Rest after an Update that succeeded.', '0s')),
          afterFailure: Type.Optional(Duration('Rest after one that went back or failed.', '0s')),
        },
        { description: 'How long no Update begins after the one before has ended.' },
      ),
    ),
    vetoes: Type.Optional(
      Type.Array(VetoSchema, { description: 'What may say "not now" when it is asked.', maxItems: 16 }),
    ),
    after: Type.Optional(
      Type.Array(PredecessorSchema, {
        description:
          'Apps in which the same versions must have succeeded first, for example those of a staging namespace.',
        maxItems: 16,
      }),
    ),
    preflight: Type.Optional(
      Type.Object(
        {
          checks: Type.Optional(
            Type.Array(Type.Enum([...preflightChecks]), {
              description:
                'What is looked at; all of it when absent, without Health for Apps made for the annotations of another updater.',
              maxItems: preflightChecks.length,
            }),
          ),
          dataVersion: Type.Optional(
            Type.Object(
              {
                job: Type.Record(Type.String(), Type.Unknown(), {
                  description:
                    'A Job, as spec.jobTemplate of a CronJob, that writes the version of the data to /dev/termination-log.',
                }),
                accepts: Type.String({
                  description:
                    'Which versions the new version takes: a semver range or /pattern/; {version}, {major} and {minor} stand for those of the new version.',
                  minLength: 1,
                  maxLength: 256,
                }),
                timeout: Type.Optional(Duration('How long the Job may take.', '5m')),
              },
              { description: 'The version of the data on a volume must be one that the new version takes.' },
            ),
          ),
        },
        { description: 'What is looked at right before the first change.' },
      ),
    ),
    maxRollbacks: Type.Optional(
      Type.Integer({
        description: 'After so many Updates in a row that went back a person has to approve the next.',
        minimum: 1,
        maximum: 100,
        default: 5,
      }),
    ),
  },
  { description: 'What has to be given before an Update starts.' },
);

export type WindowWire = Static<typeof WindowSchema>;

export type PredecessorWire = Static<typeof PredecessorSchema>;

export type PreflightWire = NonNullable<Static<typeof GatesSchema>['preflight']>;
