import { request } from 'undici';
import { freePort } from './ports.ts';
import { type RunningProcess, type Warden, waitUntilReady } from './warden.ts';

export interface Etcd {
  readonly url: string;
  readonly process: RunningProcess;
  /** Forgets every revision but the newest, at once and physically. */
  compact(): Promise<void>;
}

/** Starts etcd on a free loopback port with its data in the warden's folder. Writes are not synced to disk: nothing survives a test. */
export async function startEtcd(warden: Warden, program: string): Promise<Etcd> {
  const host = '127.0.0.1';
  const url = `http://${host}:${await freePort(host)}`;
  const peerUrl = `http://${host}:${await freePort(host)}`;
  const process = warden.start({
    name: 'etcd',
    program,
    arguments: [
      '--data-dir=etcd',
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync',
      '--snapshot-count=10000',
      `--quota-backend-bytes=${4 * 1024 ** 3}`,
    ],
  });
  await waitUntilReady(process, 30_000, () => isHealthy(url));
  return { url, process, compact: () => compact(url) };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await request(`${url}/health`, { headersTimeout: 5000 });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

async function compact(url: string): Promise<void> {
  const anyKey = Buffer.from([0]).toString('base64');
  const state = await call(`${url}/v3/kv/range`, { key: anyKey });
  const revision = /"revision":"(\d+)"/.exec(state)?.[1];
  if (revision === undefined) {
    throw new Error(`read the revision of etcd: ${state}`);
  }
  await call(`${url}/v3/kv/compaction`, { revision, physical: true });
}

async function call(url: string, body: object): Promise<string> {
  const response = await request(url, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.body.text();
  if (response.statusCode !== 200) {
    throw new Error(`POST ${url}: ${response.statusCode} ${text}`);
  }
  return text;
}
