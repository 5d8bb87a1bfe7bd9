/** What chats are sent, in the form that each of them publishes. */
import type { NoticeLevel } from './notice.ts';

/** One notice, or a digest of several, with the texts filled in. */
export interface Told {
  readonly id: string;
  readonly level: NoticeLevel;
  readonly title: string;
  readonly text: string;
  readonly at: Date;
}

const colors: Readonly<Record<NoticeLevel, string>> = {
  Info: '#2196F3',
  Success: '#00C853',
  Warning: '#FF9800',
  Error: '#F44336',
};

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks; text has 40,000 characters at most, a section 3,000. */
export function slackMessage({ level, title, text }: Told): unknown {
  const [safeTitle, safeText] = [escapeSlack(title), escapeSlack(text)];
  const section = { type: 'section', text: { type: 'mrkdwn', text: cut(`*${safeTitle}*\n${safeText}`, 3_000) } };
  return { text: cut(safeTitle, 3_000), attachments: [{ color: colors[level], blocks: [section] }] };
}

/** The three characters that Slack reads as its own: without it a message could call everybody (`<!channel>`). */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** https://developers.mattermost.com/integrate/reference/message-attachments */
export function mattermostMessage({ level, title, text }: Told): unknown {
  const quiet = (one: string) => one.replaceAll('@', '@​');
  const attachment = { fallback: cut(title, 4_000), color: colors[level], title: quiet(title), text: quiet(text) };
  return { text: '', attachments: [attachment] };
}

/** https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes: a notice is never answered by bots. */
export function matrixMessage({ title, text }: Told): unknown {
  return {
    msgtype: 'm.notice',
    body: cut(`${title}\n${text}`, 20_000),
    format: 'org.matrix.custom.html',
    formatted_body: cut(
      `<strong>${escapeHtml(title)}</strong><br>${escapeHtml(text).replaceAll('\n', '<br>')}`,
      20_000,
    ),
    'm.mentions': {},
  };
}

/** An adaptive card as the workflow "When a Teams webhook request is received" takes it. */
export function teamsMessage({ level, title, text }: Told): unknown {
  const color = { Info: 'Accent', Success: 'Good', Warning: 'Warning', Error: 'Attention' }[level];
  const block = (one: string, more: object) => ({
    type: 'TextBlock',
    text: cut(escapeMarkdown(one), 10_000),
    wrap: true,
    ...more,
  });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [block(title, { weight: 'Bolder', size: 'Medium', color }), block(text, {})],
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return { type: 'message', attachments: [attachment] };
}

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
export function discordMessage({ level, title, text, at }: Told): unknown {
  const color = Number.parseInt(colors[level].slice(1), 16);
  const embed = { title: cut(title, 256), description: cut(text, 4_096), color, timestamp: at.toISOString() };
  return { embeds: [embed], allowed_mentions: { parse: [] } };
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]#]/g, '\\$&');
}

export function escapeHtml(text: string): string {
  return escapeSlack(text).replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
