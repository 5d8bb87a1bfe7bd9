/** Opens what a channel is kept in, by its address: a folder, a bucket, a registry, a branch. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ArtifactContent, createArtifactRevisions } from '../../adapters/channel/artifact-revisions.ts';
import { createBucketStore } from '../../adapters/channel/bucket-store.ts';
import { createFolderStore } from '../../adapters/channel/folder-store.ts';
import { createRevisionStore } from '../../adapters/channel/revision-store.ts';
import type { ChannelFiles, ChannelStore } from '../../adapters/channel/store.ts';
import { gitAccessOf } from '../../adapters/cluster/git-accesses.ts';
import { createBranchFiles } from '../../adapters/git/branch-files.ts';
import type { GitProgram } from '../../adapters/git/git-run.ts';
import { readPullSecrets } from '../../adapters/registry/credentials.ts';
import {
  type ArtifactAddress,
  type BranchAddress,
  type BucketAddress,
  formatChannelAddress,
  parseChannelAddress,
} from '../../core/channel/address.ts';
import { OperationError } from '../../core/errors.ts';
import type { ChannelLogin, ChannelPlace } from '../../engine/ports/channel-reader.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { Outbound } from '../../engine/ports/outbound.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import type { AwsCredentials } from '../../network/aws-signature.ts';

export interface StoreTools {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly registry: ArtifactContent;
  /** What is fetched is kept below its private folder. */
  readonly git: GitProgram;
  /** Of whoever runs a command, where no Secret is named. */
  readonly ownAws?: AwsCredentials | undefined;
}

/** As whom, and whom to trust. */
export interface StoreAccess {
  readonly login: ChannelLogin | undefined;
  /** PEM. */
  readonly caBundle: string | undefined;
}

/**
 * A store that may be written to.
 *
 * @param text an address; a path without scheme is a folder
 * @throws REFERENCE_INVALID for an address that cannot be written to
 */
export function openChannelStore(tools: StoreTools, text: string, access: StoreAccess): ChannelStore {
  if (!text.includes('://')) {
    return createFolderStore(text);
  }
  const address = parseChannelAddress(text, 'the channel');
  switch (address.kind) {
    case 'File':
      return createFolderStore(fileURLToPath(address.url));
    case 'Web':
      throw new OperationError(
        `${address.url}: a web server is read from; publish to a folder, s3://, oci:// or git+https://`,
        { code: 'REFERENCE_INVALID', retry: 'never' },
      );
    case 'Bucket':
      return openBucket(tools, address, access);
    case 'Artifact':
      return openArtifact(tools, address, access);
    case 'Branch':
      return openBranch(tools, address, access);
  }
}

/** For the reader; undefined: it is asked over the web. */
export function openChannelFiles(
  tools: StoreTools,
  readLocal: (url: string) => Promise<Buffer | undefined>,
): (url: string, place: ChannelPlace) => ChannelFiles | undefined {
  return (url, place) => {
    const { kind } = parseChannelAddress(url, 'the channel');
    switch (kind) {
      case 'Web':
        return undefined;
      case 'File':
        return { place: url, read: (path) => readLocal(`${url}${path}`), renew: () => undefined };
      default:
        return openChannelStore(tools, url, place);
    }
  };
}

function openBucket({ outbound, clock, ownAws }: StoreTools, address: BucketAddress, { login, caBundle }: StoreAccess) {
  const credentials = async () => (login === undefined ? ownAws : awsOf(login));
  return createBucketStore({ address, credentials, caBundle, outbound, clock });
}

function awsOf(login: ChannelLogin): AwsCredentials {
  return {
    accessKeyId: need(login, 'accessKeyId'),
    secretAccessKey: need(login, 'secretAccessKey'),
    sessionToken: login.entries.get('sessionToken')?.toString('utf8').trim(),
  };
}

function openArtifact({ registry }: StoreTools, address: ArtifactAddress, { login, caBundle }: StoreAccess) {
  const { insecure } = address;
  const access = async (): Promise<RegistryAccess> => ({
    insecure,
    ...(caBundle !== undefined && { caBundle }),
    ...(login && registryLogin(login, address)),
  });
  return createRevisionStore(createArtifactRevisions({ address, content: registry, access }));
}

function registryLogin(
  login: ChannelLogin,
  { repository }: ArtifactAddress,
): Pick<RegistryAccess, 'credentials' | 'fallbacks'> {
  const config = login.entries.get('.dockerconfigjson');
  if (config === undefined) {
    return { credentials: { username: need(login, 'username'), password: need(login, 'password') } };
  }
  const data = { '.dockerconfigjson': config.toString('base64') };
  const secret = { name: login.of, type: 'kubernetes.io/dockerconfigjson', data };
  const [credentials, ...fallbacks] = readPullSecrets([secret], repository);
  return credentials === undefined ? {} : { credentials, fallbacks };
}

function openBranch({ git }: StoreTools, address: BranchAddress, { login, caBundle }: StoreAccess) {
  const { url, branch, path } = address;
  const entries = Object.fromEntries([...(login?.entries ?? [])].map(([key, value]) => [key, value.toString('utf8')]));
  const found = login === undefined ? {} : gitAccessOf(entries, login.of);
  const access = { ...found, ...(caBundle !== undefined && { caBundle }) };
  const key = createHash('sha256')
    .update(JSON.stringify([url.text, branch, path, access]))
    .digest('hex')
    .slice(0, 32);
  return createRevisionStore(
    createBranchFiles({
      ...{ program: git, branch, path },
      directory: join(git.privateFolder, `channel-${key}`),
      remote: async () => ({ url, access }),
      author: { name: 'Headgate', email: 'headgate@localhost' },
      message: 'Publish the channel',
      place: formatChannelAddress(address),
    }),
  );
}

function need({ of, entries }: ChannelLogin, key: string): string {
  const value = entries.get(key)?.toString('utf8').trim();
  if (value === undefined || value === '') {
    throw new OperationError(`${of} has no entry "${key}"`, { code: 'SECRET_INVALID', retry: 'backoff' });
  }
  return value;
}
