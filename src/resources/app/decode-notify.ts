/** Who is told: wire form, or that of a file, -> what the product works with. */
import Type, { type Static } from 'typebox';
import type { Notify } from '../../core/app/app.ts';
import { type Channel, knownNoticeFields, usualText, usualTitle } from '../../core/notify/notice.ts';
import { checkTemplate } from '../../core/template.ts';
import { decoderOf } from '../decode.ts';
import { channelFields, type NotifyWire } from './notify.ts';

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeNotify(notify: NotifyWire | undefined): Notify {
  return {
    channels: notify?.channels ?? [],
    releaseNotes: notify?.releaseNotes,
    to: (notify?.to ?? []).map(({ secretRef, ...channel }, index) => ({
      ...decodeChannel(channel, `spec.notify.to[${index}]`),
      values: { kind: 'Secret', name: secretRef.name },
    })),
  };
}

const fileText = Type.Optional(Type.String({ maxLength: 16_384 }));

const ChannelsFile = Type.Object({
  channels: Type.Array(
    Type.Object({
      ...channelFields,
      default: Type.Optional(Type.Boolean()),
      ...{ address: fileText, token: fileText, username: fileText, password: fileText },
      ...{ room: fileText, from: fileText, to: fileText, 'ca.crt': fileText },
    }),
    { maxItems: 32 },
  ),
});

const decodeFile = decoderOf(ChannelsFile);

/**
 * Channels for all Apps.
 *
 * @param file decoded YAML or JSON
 * @throws OBJECT_INVALID; of values that may be secret only the names are told
 */
export function decodeChannels(file: unknown, what: string): readonly (Channel & { readonly isDefault: boolean })[] {
  return decodeFile(file, what).channels.map((channel, index) => {
    const { address, token, username, password, room, from, to, 'ca.crt': ca } = channel;
    const given = Object.entries({ address, token, username, password, room, from, to, 'ca.crt': ca });
    const values = given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    return {
      ...decodeChannel(channel, `${what}: channels[${index}]`),
      isDefault: channel.default ?? false,
      values: { kind: 'Given', values: new Map(values) },
    };
  });
}

type ChannelWire = Static<(typeof ChannelsFile)['properties']['channels']>[number];

function decodeChannel(channel: ChannelWire, field: string): Omit<Channel, 'values'> {
  const { name, kind, level = 'Info', dailyAt, title = usualTitle, text = usualText } = channel;
  const known = { isKnown: (one: string) => knownNoticeFields.includes(one), known: knownNoticeFields };
  checkTemplate(title, `${field}.title`, known);
  checkTemplate(text, `${field}.text`, known);
  return { name, kind, level, digestAtMinute: dailyAt === undefined ? undefined : minuteOf(dailyAt), title, text };
}

function minuteOf(text: string): number {
  const [hour = '0', minute = '0'] = text.split(':');
  return Number(hour) * 60 + Number(minute);
}
