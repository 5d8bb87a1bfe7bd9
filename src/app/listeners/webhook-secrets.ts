/** The secrets by which senders of webhooks prove themselves, read again when their files change. */
import { readFile } from 'node:fs/promises';
import { describeError, OperationError } from '../../core/errors.ts';
import { webhookSenders } from '../../core/webhook/senders.ts';
import type { Clock } from '../../kube/clock.ts';
import type { Logger } from '../../telemetry/log.ts';

export interface WebhookSecretOptions {
  /** `PATH` for every sender, or `SENDER=PATH` for one. Each line of a file is a secret. */
  readonly files: readonly string[];
  /** A secret for every sender. */
  readonly secret: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The secrets of a sender: its own if it has a file of its own, else those for every sender. */
export type SecretsOf = (sender: string) => Promise<readonly string[]>;

interface SecretFile {
  /** Undefined: every sender. */
  readonly sender: string | undefined;
  readonly path: string;
  secrets: readonly string[];
}

/** A mounted Secret changes within a minute or two; this adds little. */
const rereadAfterMs = 10_000;

/** @throws CONFIG_INVALID when a file cannot be read or holds no secret */
export async function openWebhookSecrets({ files, secret, clock, log }: WebhookSecretOptions): Promise<SecretsOf> {
  const opened = await Promise.all(files.map(openFile));
  let readAtMs = clock.monotonicMs();
  const rereadAll = async () => {
    readAtMs = clock.monotonicMs();
    for (const file of opened) {
      try {
        file.secrets = await readSecrets(file.path);
      } catch (error) {
        log.warn('webhook secret was not read again and stays as it was', { error: describeError(error) });
      }
    }
  };
  return async (sender) => {
    if (opened.length > 0 && clock.monotonicMs() - readAtMs >= rereadAfterMs) {
      await rereadAll();
    }
    const own = opened.filter((file) => file.sender === sender);
    const common = opened.filter((file) => file.sender === undefined);
    return own.length > 0
      ? own.flatMap((file) => file.secrets)
      : [...(secret === undefined ? [] : [secret]), ...common.flatMap((file) => file.secrets)];
  };
}

async function openFile(argument: string): Promise<SecretFile> {
  const equals = argument.indexOf('=');
  const sender = webhookSenders.find(({ name }) => name === argument.slice(0, Math.max(0, equals)))?.name;
  const path = sender === undefined ? argument : argument.slice(equals + 1);
  return { sender, path, secrets: await readSecrets(path) };
}

async function readSecrets(path: string): Promise<readonly string[]> {
  const lines = (await readText(path)).split('\n').map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '');
  if (secrets.length === 0) {
    throw invalid(path, 'it is empty; write the secret into it, one a line');
  }
  return secrets;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(path, 'it cannot be read', error);
  }
}

function invalid(path: string, why: string, cause?: unknown): OperationError {
  return new OperationError(`read webhook secret ${path}: ${why}`, {
    code: 'CONFIG_INVALID',
    retry: 'never',
    context: { path },
    cause,
  });
}
