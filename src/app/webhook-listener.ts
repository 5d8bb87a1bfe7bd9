/** Webhooks on a port of their own, because it may be public and that of /metrics must not be. */
import { OperationError } from '../core/errors.ts';
import type { Clock } from '../kube/clock.ts';
import { createWebhookServer, type WebhookRelay, type WebhookTargets } from '../server/webhooks.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { webhookEnvironment } from './config.ts';
import { parseListenAddress } from './listen-address.ts';
import { openWebhookSecrets } from './webhook-secrets.ts';

export interface WebhookSettings {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** `PATH` for every sender, or `SENDER=PATH` for one. */
  readonly secretFiles: readonly string[];
  /** Believe senders for which there is no secret. */
  readonly allowUnsigned: boolean;
}

export interface WebhookListener {
  close(): Promise<void>;
}

interface Parts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Undefined while another replica does the work. */
  readonly targets: () => WebhookTargets | undefined;
  /** Undefined: there is one replica. */
  readonly relay: WebhookRelay | undefined;
}

/**
 * Listens until it is closed; does nothing without settings.
 *
 * @throws USAGE for an address that is none, CONFIG_INVALID when nobody could be believed, or a secret cannot be read
 */
export async function openWebhooks(settings: WebhookSettings | undefined, parts: Parts): Promise<WebhookListener> {
  if (!settings) {
    return { close: async () => undefined };
  }
  const address = parseListenAddress(settings.listen, '--webhook-listen');
  const { secret, privateRegistry } = webhookEnvironment();
  const { secretFiles, allowUnsigned } = settings;
  if (secretFiles.length === 0 && secret === undefined && !allowUnsigned) {
    throw new OperationError(
      'listen to webhooks: there is no secret; give --webhook-secret-file, HEADGATE_WEBHOOK_SECRET or --allow-unsigned-webhooks',
      { code: 'CONFIG_INVALID', retry: 'never' },
    );
  }
  const secretsOf = await openWebhookSecrets({ ...parts, files: secretFiles, secret });
  const server = createWebhookServer({ ...parts, secretsOf, allowUnsigned, privateRegistry });
  parts.log.info('listening for webhooks', { address: await server.listen(address) });
  return { close: () => server.close() };
}
