/** When an App looks at its sources, and who is told; as written in the cluster. */
import Type from 'typebox';
import { Text } from './schema-parts.ts';

export const TriggerSchema = Type.Enum(['Poll', 'Webhook'], {
  description: 'What makes it look: Poll, the interval or the schedule, and webhooks besides; Webhook, webhooks alone.',
  default: 'Poll',
});

export const ScheduleSchema = Type.Object(
  {
    cron: Type.String({
      description:
        'Five fields (minute first) or six (second first), @hourly, @daily, @weekly, @monthly, @yearly, or @every 10m.',
      minLength: 1,
      maxLength: 256,
    }),
    timeZone: Type.Optional(
      Type.String({ description: 'For example Europe/Amsterdam.', minLength: 1, maxLength: 64, default: 'UTC' }),
    ),
  },
  { description: 'Times at which the sources are looked at, in place of the interval. A restart makes no other time.' },
);

export const NotifySchema = Type.Object(
  {
    channels: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        description: 'Names of the channels that are told.',
        maxItems: 32,
      }),
    ),
    releaseNotes: Type.Optional(Text('Where the release notes are; named where an Update is told.', 2048)),
  },
  { description: 'Who is told of Updates, and of what.' },
);
