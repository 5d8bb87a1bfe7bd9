/** What telling people of Updates needs, wired. */
import { readFileSync, statSync } from 'node:fs';
import { load } from 'js-yaml';
import { createOutboxStore } from '../../adapters/cluster/outbox-store.ts';
import { createMailer } from '../../adapters/mail/mailer.ts';
import type { GuardedRequests } from '../../adapters/outbound/guarded-requests.ts';
import { describeError, OperationError } from '../../core/errors.ts';
import type { CommonChannel, NotifyContext } from '../../engine/notify/tell-namespace.ts';
import type { KubeClient } from '../../kube/client.ts';
import { decodeChannels } from '../../resources/app/decode-notify.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

export interface NotifyOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Channels for all Apps: YAML or JSON, on a mounted Secret. */
  readonly notifyFile?: string | undefined;
}

/** What is special to it; the rest of what it needs others need too. */
export type NoticeParts = Omit<NotifyContext, 'records' | 'hubChannels' | 'clock' | 'outbound' | 'secretValues'>;

export function setUpNotices(options: NotifyOptions, outbound: GuardedRequests): NoticeParts {
  const { client, log, metrics, notifyFile } = options;
  return {
    mailer: createMailer({ addressOf: outbound.addressOf }),
    outboxes: createOutboxStore(client),
    knownOutboxes: new Map(),
    commonChannels: notifyFile === undefined ? () => [] : watchChannels(notifyFile, log),
    onDelivery(channel, notices, delivery) {
      metrics.outcomes.notices.inc({ kind: channel.kind, outcome: delivery.kind }, notices.length);
      const about = { channel: channel.name, kind: channel.kind, notices: notices.map(({ id }) => id) };
      if (delivery.kind === 'Sent') {
        log.debug('notice sent', about);
      } else {
        log.warn('notice was not sent', { ...about, outcome: delivery.kind, error: delivery.message });
      }
    },
  };
}

/** Channels of a hub are watched by what is started later. */
export function lateHubChannels(found: () => NotifyContext['hubChannels']): NotifyContext['hubChannels'] {
  return {
    list: (namespace) => found().list(namespace),
    listReleases: (channel) => found().listReleases(channel),
  };
}

/**
 * Channels for all Apps from a file.
 *
 * @throws CONFIG_INVALID, OBJECT_INVALID
 */
function readChannels(path: string): readonly CommonChannel[] {
  try {
    return decodeChannels(load(readFileSync(path, 'utf8')), path);
  } catch (error) {
    if (error instanceof OperationError) {
      throw error;
    }
    // What a YAML parser says quotes the line, and a line may be a secret.
    throw new OperationError(`read ${path}: it cannot be read, or is no YAML`, {
      code: 'CONFIG_INVALID',
      retry: 'never',
    });
  }
}

/** Read again when the file is another one; a mounted Secret is replaced as a whole. One that is broken leaves what was known. */
function watchChannels(path: string, log: Logger): () => readonly CommonChannel[] {
  let known = readChannels(path);
  let seen = stampOf(path);
  return () => {
    const stamp = stampOf(path);
    if (stamp !== seen) {
      seen = stamp;
      try {
        known = readChannels(path);
      } catch (error) {
        log.error('channels for all Apps cannot be read; those of before stay', { error: describeError(error) });
      }
    }
    return known;
  };
}

function stampOf(path: string): string {
  const { mtimeMs = 0, ino = 0, size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return `${mtimeMs} ${ino} ${size}`;
}
