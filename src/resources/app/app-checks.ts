/** When an App looks at its sources, as written in the cluster. */
import Type from 'typebox';

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
