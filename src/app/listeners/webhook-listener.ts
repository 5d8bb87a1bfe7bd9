/** Webhooks on a port of their own, because it may be public and that of /metrics must not be. */
import type { FastifyInstance } from 'fastify';
import { createApprovalSettings } from '../../adapters/cluster/approval-settings.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { OperationError } from '../../core/errors.ts';
import { listKeelApprovals, voteAsKeel } from '../../engine/update/keel-approvals.ts';
import { setKeelRequirement } from '../../engine/update/keel-requirements.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { addKeelApprovals } from '../../server/keel-approvals.ts';
import { createWebhookServer, type WebhookRelay, type WebhookTargets } from '../../server/webhooks.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { webhookEnvironment } from '../config.ts';
import { parseListenAddress } from './listen-address.ts';
import { openWebhookSecrets } from './webhook-secrets.ts';

export interface WebhookSettings {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** `PATH` for every sender, or `SENDER=PATH` for one. */
  readonly secretFiles: readonly string[];
  /** Believe senders for which there is no secret. */
  readonly allowUnsigned: boolean;
  /** Undefined: Keel's approvals are not answered. */
  readonly keelApprovals?: KeelApprovalSettings | undefined;
}

export interface KeelApprovalSettings {
  /** A file with a line `name:password` for each person who may vote. */
  readonly usersFile: string;
  /** Believe the `voter` of requests. */
  readonly trustVoter: boolean;
}

export interface WebhookListener {
  /** Undefined: it does not listen. */
  readonly address: string | undefined;
  close(): Promise<void>;
}

interface Parts {
  readonly client: KubeClient;
  /** Empty: all. */
  readonly namespaces: readonly string[];
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
    return { address: undefined, close: async () => undefined };
  }
  const address = parseListenAddress(settings.listen, '--webhook-listen');
  const { secret, privateRegistry } = webhookEnvironment();
  const { secretFiles, allowUnsigned } = settings;
  if (secretFiles.length === 0 && secret === undefined && !allowUnsigned && !settings.keelApprovals) {
    throw new OperationError(
      'listen to webhooks: there is no secret; give --webhook-secret-file, HEADGATE_WEBHOOK_SECRET or --allow-unsigned-webhooks',
      { code: 'CONFIG_INVALID', retry: 'never' },
    );
  }
  const secretsOf = await openWebhookSecrets({ ...parts, files: secretFiles, secret });
  const extend = settings.keelApprovals && (await prepareKeelApprovals(settings.keelApprovals, parts));
  const server = createWebhookServer({ ...parts, secretsOf, allowUnsigned, privateRegistry, extend });
  const listening = await server.listen(address);
  parts.log.info('listening for webhooks', { address: listening });
  return { address: listening, close: () => server.close() };
}

/** @throws CONFIG_INVALID when the file cannot be read, holds nobody, or a line is no `name:password` */
async function prepareKeelApprovals(
  { usersFile, trustVoter }: KeelApprovalSettings,
  { client, namespaces, clock, log }: Parts,
): Promise<(server: FastifyInstance) => void> {
  const linesOf = await openWebhookSecrets({ files: [usersFile], secret: undefined, clock, log });
  const users = async () => (await linesOf('keel')).filter((line) => /^[^:\s]{1,128}:.{8,}$/.test(line));
  if ((await users()).length === 0) {
    throw new OperationError(
      `read ${usersFile}: it has no line name:password with a password of 8 characters or more`,
      {
        code: 'CONFIG_INVALID',
        retry: 'never',
      },
    );
  }
  const settings = createApprovalSettings(client);
  const context = { records: createDirectRecords(client, clock), settings, clock, namespaces };
  return (server) =>
    addKeelApprovals(server, {
      list: async (signal) => await listKeelApprovals(context, signal),
      vote: async (vote, signal) => await voteAsKeel(context, vote, signal),
      require: async (requirement, signal) => await setKeelRequirement(context, requirement, signal),
      users,
      trustVoter,
      log,
    });
}
