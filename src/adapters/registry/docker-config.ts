/** The user's docker configuration on a host: `auths`, and the programs that keep credentials (`credHelpers`, `credsStore`). */
import { open } from 'node:fs/promises';
import { describeError, isOperationError, OperationError } from '../../core/errors.ts';
import type { Repository } from '../../core/image/reference.ts';
import { createSharedLoads } from '../../core/shared-loads.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { RegistryCredentials } from '../../engine/ports/registry.ts';
import type { AmbientCredentials, AmbientFinding } from './ambient.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { type AuthEntry, matchAuths, parseAuths, parseSecretJson } from './docker-auths.ts';
import { isRecord } from './failure.ts';
import { isHostOf, normalisePlace } from './place.ts';

export interface DockerConfigOptions {
  /** Of `config.json`. A file that is not there is one that says nothing. */
  readonly path: string;
  /** Whole environment of the helpers; they are looked up in its PATH. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Of one run of a helper. Default 15 s. */
  readonly helperTimeoutMs?: number;
}

interface DockerConfig {
  readonly auths: readonly AuthEntry[];
  readonly helpers: readonly { readonly place: string; readonly helper: string }[];
  readonly store: string | undefined;
}

const maxFileBytes = 1_048_576;
const maxKept = 500;
/** The file may be a mounted Secret that somebody renews. */
const fileMaxAgeMs = 60_000;
/** Docker runs the helper each time; the tokens of those of the clouds live for an hour and more. */
const helperMaxAgeMs = 300_000;
const nothing: DockerConfig = { auths: [], helpers: [], store: undefined };

/** Nothing is read or run before the first question. What cannot be read or run is told as `Unusable`. */
export function dockerConfigCredentials(options: DockerConfigOptions): AmbientCredentials {
  const nowMs = () => options.clock.now().getTime();
  const files = createSharedLoads<DockerConfig>({ nowMs, maxEntries: 1 });
  const answers = createSharedLoads<RegistryCredentials | undefined>({ nowMs, maxEntries: maxKept });
  const { path, environment, helperTimeoutMs = 15_000 } = options;

  const ask = (helper: string, server: string, signal: AbortSignal) => {
    const load = async () => ({
      value: await askCredentialHelper({ helper, server, environment, timeoutMs: helperTimeoutMs }),
      expiresAtMs: nowMs() + helperMaxAgeMs,
    });
    return answers.get(`${server} ${helper}`, load, signal);
  };

  const find = async (repository: Repository, signal: AbortSignal): Promise<AmbientFinding> => {
    const load = async () => ({ value: await readConfig(path), expiresAtMs: nowMs() + fileMaxAgeMs });
    const config = await files.get('', load, signal);
    const helper = config.helpers.find(({ place }) => isHostOf(place, repository))?.helper ?? config.store;
    const kept = helper === undefined ? undefined : await ask(helper, serverOf(repository), signal);
    const credentials = kept ?? matchAuths(config.auths, repository)[0];
    return credentials === undefined ? { kind: 'Nothing' } : { kind: 'Found', credentials };
  };

  return {
    async find({ repository, signal }) {
      try {
        return await find(repository, signal);
      } catch (error) {
        if (isOperationError(error)) {
          return { kind: 'Unusable', problem: describeError(error) };
        }
        throw error;
      }
    },
    forget(repository) {
      files.forgetAll('');
      answers.forgetAll(`${serverOf(repository)} `);
    },
    close: () => Promise.resolve(),
  };
}

/** The key under which `docker login` keeps a registry. */
function serverOf({ registry }: Repository): string {
  return registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
}

async function readConfig(path: string): Promise<DockerConfig> {
  const text = await readBounded(path);
  if (text === undefined) {
    return nothing;
  }
  const config = parseSecretJson(text);
  if (!isRecord(config)) {
    throw unusable(path, ' holds no JSON object as docker login writes it');
  }
  const { auths = {}, credHelpers = {}, credsStore } = config;
  if (!isRecord(credHelpers) || !Object.values(credHelpers).every((helper) => typeof helper === 'string')) {
    throw unusable(path, ', credHelpers: is no object of names');
  }
  return {
    auths: parseAuths(auths, (found) => unusable(path, found)),
    helpers: Object.entries(credHelpers).map(([place, helper]) => ({
      place: normalisePlace(place),
      helper: String(helper),
    })),
    store: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

async function readBounded(path: string): Promise<string | undefined> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxFileBytes + 1), 0, maxFileBytes + 1, 0);
      if (bytesRead > maxFileBytes) {
        throw unusable(path, ` is larger than ${maxFileBytes} bytes`);
      }
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isOperationError(error)) {
      throw error;
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return undefined;
    }
    throw unusable(path, ` cannot be read: ${code}`);
  }
}

function unusable(path: string, found: string): OperationError {
  return new OperationError(`docker's configuration ${path}${found}`, {
    code: 'CREDENTIALS_UNUSABLE',
    retry: 'backoff',
    context: { path },
  });
}
