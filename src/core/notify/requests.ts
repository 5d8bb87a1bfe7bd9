/** From notices and a channel to the request, or letter, that tells them. Pure. */
import { createHash } from 'node:crypto';
import { OperationError } from '../errors.ts';
import { signBody } from '../outbound/sign-body.ts';
import { fillTemplate } from '../template.ts';
import {
  cut,
  discordMessage,
  escapeHtml,
  matrixMessage,
  mattermostMessage,
  slackMessage,
  type Told,
  teamsMessage,
} from './chat-messages.ts';
import { alertMessage, keelMessage, webhookMessage } from './machine-messages.ts';
import { type Channel, fieldsOfNotice, isAtLeast, type Notice } from './notice.ts';

export interface NoticeRequest {
  readonly kind: 'Request';
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly caBundle: string | undefined;
}

export interface NoticeLetter {
  readonly kind: 'Letter';
  /** `smtp://host:587` or `smtps://host`. */
  readonly server: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly caBundle: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same when it is sent again. */
  readonly messageId: string;
}

type Values = ReadonlyMap<string, string>;

/**
 * @param values of the channel's Secret
 * @throws SECRET_INVALID naming the key that is missing
 */
export function tell(
  channel: Channel,
  notices: readonly Notice[],
  values: Values,
  now: Date,
): readonly (NoticeRequest | NoticeLetter)[] {
  switch (channel.kind) {
    case 'Email':
      return [letterOf(channel, toldOf(channel, notices), values)];
    case 'Keel':
      return notices.map((notice) => post(channel, keelMessage(notice), values, notice.id));
    case 'Webhook':
      return [signed(channel, webhookMessage(notices), { values, now, id: idOf(notices) })];
    case 'Alertmanager':
      return [{ ...post(channel, alertMessage(notices, now), values, idOf(notices)), url: alertsOf(channel, values) }];
    case 'Matrix':
      return [matrixRequest(channel, toldOf(channel, notices), values)];
    case 'Slack':
    case 'Mattermost':
    case 'Teams':
    case 'Discord':
      return [post(channel, chats[channel.kind](toldOf(channel, notices)), values, idOf(notices))];
  }
}

const chats = {
  Slack: slackMessage,
  Mattermost: mattermostMessage,
  Teams: teamsMessage,
  Discord: discordMessage,
} as const;

/** One message of all; of several the worst level counts. */
function toldOf({ title, text }: Channel, notices: readonly Notice[]): Told {
  const [first, ...others] = notices;
  const at = notices.at(-1)?.at ?? new Date(0);
  const level = notices.reduce(
    (worst, one) => (isAtLeast(one.level, worst) ? one.level : worst),
    first?.level ?? 'Info',
  );
  const filled = notices.map((notice) => {
    const fields = fieldsOfNotice(notice);
    const notes = notice.releaseNotes === undefined ? '' : `\nRelease notes: ${notice.releaseNotes}`;
    return { title: fillTemplate(title, fields), text: `${fillTemplate(text, fields)}${notes}` };
  });
  if (first !== undefined && others.length === 0) {
    return { id: first.id, level, at, title: filled[0]?.title ?? '', text: filled[0]?.text ?? '' };
  }
  const lines = filled.map((one) => `${one.title}: ${one.text}`);
  return {
    id: idOf(notices),
    level,
    at,
    title: `Headgate: ${notices.length} notices`,
    text: cut(lines.join('\n'), 15_000),
  };
}

function idOf(notices: readonly Notice[]): string {
  const [first] = notices;
  return first !== undefined && notices.length === 1
    ? first.id
    : createHash('sha256')
        .update(notices.map(({ id }) => id).join('\n'))
        .digest('hex');
}

function post({ name }: Channel, message: unknown, values: Values, id: string): NoticeRequest {
  const token = values.get('token')?.trim();
  return {
    kind: 'Request',
    method: 'POST',
    url: required(values, 'address', name),
    headers: {
      'content-type': 'application/json',
      'idempotency-key': id,
      ...(token === undefined ? {} : { authorization: `Bearer ${plain(token, 'token', name)}` }),
    },
    body: JSON.stringify(message),
    caBundle: values.get('ca.crt'),
  };
}

/** The token signs, and is not sent. */
function signed(
  channel: Channel,
  message: unknown,
  { values, now, id }: { readonly values: Values; readonly now: Date; readonly id: string },
): NoticeRequest {
  const { headers, ...request } = post(channel, message, values, id);
  const { authorization: _, ...rest } = headers;
  const token = values.get('token')?.trim();
  return { ...request, headers: { ...rest, ...(token === undefined ? {} : signBody(token, request.body, now)) } };
}

function alertsOf({ name }: Channel, values: Values): string {
  return `${required(values, 'address', name).replace(/\/+$/, '')}/api/v2/alerts`;
}

/** The transaction id makes the server take the same message once. */
function matrixRequest(channel: Channel, told: Told, values: Values): NoticeRequest {
  const request = post(channel, matrixMessage(told), values, told.id);
  const room = encodeURIComponent(required(values, 'room', channel.name));
  const transaction = createHash('sha256').update(`${channel.name} ${told.id}`).digest('hex');
  const server = request.url.replace(/\/+$/, '');
  required(values, 'token', channel.name);
  return {
    ...request,
    method: 'PUT',
    url: `${server}/_matrix/client/v3/rooms/${room}/send/m.room.message/${transaction}`,
  };
}

function letterOf({ name }: Channel, told: Told, values: Values): NoticeLetter {
  const hash = createHash('sha256').update(`${name} ${told.id}`).digest('hex');
  return {
    kind: 'Letter',
    server: required(values, 'address', name),
    username: values.get('username'),
    password: values.get('password'),
    caBundle: values.get('ca.crt'),
    from: required(values, 'from', name).trim(),
    to: required(values, 'to', name)
      .split(',')
      .map((one) => one.trim()),
    subject: cut(told.title.replaceAll(/\s+/g, ' '), 200),
    text: `${told.title}\n\n${told.text}\n`,
    html: `<p><strong>${escapeHtml(told.title)}</strong></p><p>${escapeHtml(told.text).replaceAll('\n', '<br>')}</p>`,
    messageId: `<${hash}@headgate.dev>`,
  };
}

function required(values: Values, key: string, channel: string): string {
  const value = values.get(key)?.trim();
  if (value === undefined || value === '') {
    throw invalid(`the Secret of channel ${channel} has no key "${key}"`);
  }
  return value;
}

/** Anything else would end the header, and begin another. */
function plain(value: string, key: string, channel: string): string {
  if (!/^[!-~]{1,8192}$/.test(value)) {
    throw invalid(`the Secret of channel ${channel} has blanks or other signs in "${key}"`);
  }
  return value;
}

function invalid(message: string): OperationError {
  return new OperationError(message, { code: 'SECRET_INVALID', retry: 'backoff' });
}
