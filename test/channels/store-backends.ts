/** What channels are kept in besides a folder: a real S3 gateway, a real registry and a real git server, behind a link that may break. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreAccess } from '../../src/app/channels/channel-stores.ts';
import { type Bucket, startBucket } from '../servers/bucket.ts';
import { startGitHttp } from '../servers/git-http.ts';
import { reader, startRegistry } from '../servers/registry.ts';
import { startWeakLink, type WeakLink } from '../servers/weak-link.ts';
import { loginOf } from './stored-channel.ts';

export interface Backend {
  readonly link: WeakLink;
  readonly access: StoreAccess;
  /** Of a channel of its own, by the way that may break, or the direct one. */
  address(name: string, by: 'link' | 'direct'): string;
  /** Credentials that may not write. */
  readonly strangers: StoreAccess | undefined;
  stop(): Promise<void>;
}

async function startBucketBackend(): Promise<Backend> {
  const bucket: Bucket = await startBucket('channels');
  const link = await startWeakLink(bucket.origin);
  const at = { link: link.origin, direct: bucket.origin };
  return {
    link,
    access: loginOf({ accessKeyId: bucket.accessKeyId, secretAccessKey: bucket.secretAccessKey }),
    strangers: loginOf({ accessKeyId: bucket.accessKeyId, secretAccessKey: 'wrong' }),
    address: (name, by) => `s3://channels/${name}?endpoint=${at[by]}`,
    stop: async () => void (await Promise.all([bucket.stop(), link.stop()])),
  };
}

async function startRegistryBackend(): Promise<Backend> {
  const registry = await startRegistry({ auth: { kind: 'basic' } });
  const link = await startWeakLink(`http://${registry.host}`);
  const at = { link: link.host, direct: registry.host };
  return {
    link,
    access: loginOf({ username: reader.username, password: reader.password }),
    strangers: loginOf({ username: reader.username, password: 'wrong' }),
    address: (name, by) => `oci://${at[by]}/channels/${name}?insecure=true`,
    stop: async () => void (await Promise.all([registry.stop(), link.stop()])),
  };
}

async function startGitBackend(): Promise<Backend> {
  const root = await mkdtemp(join(tmpdir(), 'channel-git-'));
  const authorization = `Basic ${Buffer.from('hub:secret').toString('base64')}`;
  const server = await startGitHttp({ root, authorization });
  const link = await startWeakLink(server.origin, (method, path) => method === 'POST' && path.endsWith('receive-pack'));
  const at = { link: link.origin, direct: server.origin };
  execFileSync('git', ['init', '--quiet', '--bare', join(root, 'channels.git')]);
  execFileSync('git', ['-C', join(root, 'channels.git'), 'config', 'http.receivepack', 'true']);
  return {
    link,
    access: loginOf({ username: 'hub', password: 'secret' }),
    strangers: loginOf({ username: 'hub', password: 'wrong' }),
    address: (name, by) => `git+${at[by]}/channels.git?branch=${name}&path=published/${name}`,
    async stop() {
      await Promise.all([server.stop(), link.stop()]);
      await rm(root, { recursive: true, force: true });
    },
  };
}

export const backends = [
  { kind: 's3', start: startBucketBackend },
  { kind: 'oci', start: startRegistryBackend },
  { kind: 'git', start: startGitBackend },
] as const;
