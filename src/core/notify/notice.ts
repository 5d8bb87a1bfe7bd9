/** What people are told of Updates and of Channels of a hub, and over which channels. */

export const noticeLevels = ['Info', 'Success', 'Warning', 'Error'] as const;

export type NoticeLevel = (typeof noticeLevels)[number];

export const noticeEvents = [
  'Started',
  'Waiting',
  'RollingBack',
  'Succeeded',
  'RolledBack',
  'Failed',
  'Superseded',
  'Cancelled',
  // Of Channels alone.
  'Soaking',
  'Rejected',
  'Unclear',
  'Released',
  'Withdrawn',
  'PublishFailed',
  'Published',
  'Expiring',
  'Expired',
] as const;

export type NoticeEvent = (typeof noticeEvents)[number];

export const noticeSubjects = ['Update', 'Channel'] as const;

export type NoticeSubject = (typeof noticeSubjects)[number];

export interface Notice {
  /** The same for the same event of the same Update or Channel, whoever tells it. */
  readonly id: string;
  readonly about: NoticeSubject;
  readonly event: NoticeEvent;
  readonly level: NoticeLevel;
  readonly at: Date;
  readonly namespace: string;
  /** The App, or the Channel. */
  readonly app: string;
  /** The Update; of a Channel the Release, or `candidate 3`. */
  readonly update: string;
  /** `web 1.0.0 -> 1.1.0`. */
  readonly versions: string;
  /** What happened, in one sentence. */
  readonly message: string;
  readonly releaseNotes: string | undefined;
}

export const channelKinds = [
  'Slack',
  'Mattermost',
  'Matrix',
  'Teams',
  'Discord',
  'Email',
  'Webhook',
  'Alertmanager',
  'Keel',
] as const;

export type ChannelKind = (typeof channelKinds)[number];

export interface Channel {
  readonly name: string;
  readonly kind: ChannelKind;
  /** Notices below it are not told. */
  readonly level: NoticeLevel;
  /** At which time of the day all of it is told at once, in minutes of UTC; undefined: at once. */
  readonly digestAtMinute: number | undefined;
  /** Texts with `{{fields}}`. */
  readonly title: string;
  readonly text: string;
  /** Where its address and its secrets are. */
  readonly values: ChannelValues;
}

export type ChannelValues =
  | { readonly kind: 'Secret'; readonly name: string }
  /** Of a channel for all Apps. */
  | { readonly kind: 'Given'; readonly values: ReadonlyMap<string, string> };

export const usualTitle = '{{app}} {{event}}: {{versions}}';
export const usualText = '{{message}}';

const noticeFields = [
  'about',
  'app',
  'namespace',
  'update',
  'event',
  'level',
  'versions',
  'message',
  'releaseNotes',
  'time',
];

export const knownNoticeFields: readonly string[] = noticeFields;

/** What `{{fields}}` stand for. */
export function fieldsOfNotice(notice: Notice): Readonly<Record<string, string>> {
  const { about, app, namespace, update, event, level, versions, message, releaseNotes = '', at } = notice;
  return { about, app, namespace, update, event, level, versions, message, releaseNotes, time: at.toISOString() };
}

export function isAtLeast(level: NoticeLevel, least: NoticeLevel): boolean {
  return noticeLevels.indexOf(level) >= noticeLevels.indexOf(least);
}

/** An alert is a state: what is told of the same is one alert. That a channel cannot be published says nothing of its candidates. */
export function alertNameOf({ about, event }: Pick<Notice, 'about' | 'event'>): string {
  if (about === 'Update') {
    return 'HeadgateUpdate';
  }
  return publishingEvents.has(event) ? 'HeadgateChannelPublishing' : 'HeadgateChannelCandidate';
}

const publishingEvents: ReadonlySet<NoticeEvent> = new Set<NoticeEvent>([
  'PublishFailed',
  'Published',
  'Expiring',
  'Expired',
]);

/** The alert of an App or a Channel is over with it. */
export function endsAlert({ level }: Notice): boolean {
  return level === 'Success' || level === 'Info';
}
