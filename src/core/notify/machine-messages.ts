/** What other programs are sent. */
import { alertNameOf, endsAlert, type Notice, type NoticeLevel } from './notice.ts';

/** Our own form: one object for each notice, all of them in a list. */
export function webhookMessage(notices: readonly Notice[]): unknown {
  return {
    version: 1,
    notices: notices.map(({ at, ...notice }) => ({ ...notice, at: at.toISOString() })),
  };
}

/** An alert that is not sent again ends by itself. */
const alertLastsMs = 24 * 3_600_000;

/**
 * `POST /api/v2/alerts` of Alertmanager (its openapi.yaml, postableAlerts). One alert for each App, two for each Channel: what is good ends it.
 */
export function alertMessage(notices: readonly Notice[], now: Date): unknown {
  return notices.map((notice) => {
    const { about, namespace, app, message, versions, update, at } = notice;
    const subject = about === 'Update' ? { app } : { channel: app };
    const endsAt = endsAlert(notice) ? now : new Date(at.getTime() + alertLastsMs);
    return {
      labels: { alertname: alertNameOf(notice), namespace, ...subject, severity: 'warning' },
      annotations: { summary: `${app}: ${versions}`, description: message, update },
      startsAt: (at < endsAt ? at : now).toISOString(),
      endsAt: endsAt.toISOString(),
    };
  });
}

const keelLevels: Readonly<Record<NoticeLevel, string>> = {
  Info: 'info',
  Success: 'success',
  Warning: 'warn',
  Error: 'error',
};

/** The JSON of Keel's webhook notifications (its EventNotification), field by field. */
export function keelMessage(notice: Notice): unknown {
  const { about, event, namespace, app, level, at, versions, message } = notice;
  const resourceKind = about === 'Update' ? 'deployment' : 'channel';
  const isStart = event === 'Started' || event === 'Waiting';
  return {
    name: isStart ? 'preparing to update resource' : 'update resource',
    message: `${message} (${versions})`,
    createdAt: at.toISOString(),
    type: isStart ? 'preparing deployment update' : 'deployment update',
    level: keelLevels[level],
    resourceKind,
    identifier: `${resourceKind}/${namespace}/${app}`,
    metadata: { provider: 'kubernetes', namespace, name: app },
  };
}
