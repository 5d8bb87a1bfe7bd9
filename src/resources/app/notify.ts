/** Who is told of Updates, as written in the cluster. */
import Type, { type Static } from 'typebox';
import { channelKinds, noticeLevels } from '../../core/notify/notice.ts';
import { DnsLabel, SecretReference, Text } from '../schema-parts.ts';

/** What a channel is besides its address and its secrets. */
export const channelFields = {
  name: Type.String({ description: 'Name of the channel.', minLength: 1, maxLength: 63 }),
  kind: Type.Enum([...channelKinds], { description: 'What listens there.' }),
  level: Type.Optional(
    Type.Enum([...noticeLevels], { description: 'What is less important is not told.', default: 'Info' }),
  ),
  dailyAt: Type.Optional(
    Type.String({
      description: 'Tell all of a day at this time (UTC), for example 07:30, instead of each at once.',
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      maxLength: 5,
    }),
  ),
  title: Type.Optional(Text('First line; {{fields}} are filled in.', 512)),
  text: Type.Optional(Text('The rest; {{fields}} are filled in.', 4096)),
};

export const NotifySchema = Type.Object(
  {
    channels: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        description: 'Names of channels for all Apps (--notify-file) that are told.',
        maxItems: 32,
      }),
    ),
    to: Type.Optional(
      Type.Array(
        Type.Object({
          ...channelFields,
          name: Type.String({ description: 'Name of the channel.', ...DnsLabel }),
          secretRef: {
            ...SecretReference,
            description:
              'Secret with address, and what the kind needs: token, username, password, room, from, to, ca.crt.',
          },
        }),
        {
          description: 'Channels of its own.',
          maxItems: 16,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
      ),
    ),
    releaseNotes: Type.Optional(Text('Where the release notes are; named where an Update is told.', 2048)),
  },
  { description: 'Who is told of Updates, and of what.' },
);

export type NotifyWire = Static<typeof NotifySchema>;
