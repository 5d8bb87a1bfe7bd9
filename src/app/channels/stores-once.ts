/** What channels are kept in, for one command. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChannelFiles, ChannelStore } from '../../adapters/channel/store.ts';
import type { GuardedRequests } from '../../adapters/outbound/guarded-requests.ts';
import { createRegistryClient, type RegistryClient } from '../../adapters/registry/client.ts';
import { OperationError } from '../../core/errors.ts';
import type { ChannelLogin, ChannelPlace } from '../../engine/ports/channel-reader.ts';
import { systemClock } from '../../kube/clock.ts';
import type { AwsCredentials } from '../../network/aws-signature.ts';
import { readBelow } from '../commands/read-below.ts';
import { environmentVariables, gitEnvironment } from '../config.ts';
import { outboundFor } from '../outbound-setup.ts';
import { readRegistrySetup } from '../sources/registry-setup.ts';
import { openChannelFiles, openChannelStore, type StoreTools } from './channel-stores.ts';

export interface StoresOnceOptions {
  readonly allowOutbound: readonly string[];
  /** Folder with files named as the entries of the Secret would be; undefined: as whoever runs the command is known. */
  readonly loginFolder?: string | undefined;
  readonly caFile?: string | undefined;
}

export interface StoresOnce {
  readonly outbound: GuardedRequests;
  readonly registry: RegistryClient;
  /** @throws REFERENCE_INVALID */
  open(place: string): ChannelStore;
  /** @param folder below which file:// is read */
  filesIn(folder: string | undefined): (url: string, place: ChannelPlace) => ChannelFiles | undefined;
  readonly login: ChannelLogin | undefined;
  readonly caBundle: string | undefined;
  close(): Promise<void>;
}

/** @throws USAGE, CONFIG_INVALID; FILE_UNUSABLE for a login that cannot be read */
export async function openStoresOnce(options: StoresOnceOptions): Promise<StoresOnce> {
  const login = options.loginFolder === undefined ? undefined : await readLogin(options.loginFolder);
  const caBundle = options.caFile === undefined ? undefined : await readFile(options.caFile, 'utf8');
  const outbound = outboundFor(options.allowOutbound);
  const registry = createRegistryClient(readRegistrySetup({}, { clock: systemClock, dockerConfig: 'OfUser' }).client);
  const privateFolder = join(tmpdir(), `headgate-channel-${randomUUID()}`);
  const tools: StoreTools = {
    ...{ outbound, registry, clock: systemClock, ownAws: awsOfEnvironment() },
    git: { privateFolder, environment: gitEnvironment() },
  };
  return {
    ...{ outbound, registry, login, caBundle },
    open: (place) => openChannelStore(tools, place, { login, caBundle }),
    filesIn: (folder) => openChannelFiles(tools, (url) => readBelow(folder, url)),
    async close() {
      await Promise.all([outbound.close(), registry.close(), rm(privateFolder, { recursive: true, force: true })]);
    },
  };
}

async function readLogin(folder: string): Promise<ChannelLogin> {
  try {
    const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
    const read = entries.map(async ({ name }) => [name, await readFile(join(folder, name))] as const);
    return { of: folder, entries: new Map(await Promise.all(read)) };
  } catch (error) {
    throw new OperationError(`--login ${folder}: ${error instanceof Error ? error.message : String(error)}`, {
      code: 'FILE_UNUSABLE',
      retry: 'never',
      cause: error,
    });
  }
}

function awsOfEnvironment(): AwsCredentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...rest } = environmentVariables();
  return accessKeyId && secretAccessKey
    ? { accessKeyId, secretAccessKey, sessionToken: rest['AWS_SESSION_TOKEN'] || undefined }
    : undefined;
}
