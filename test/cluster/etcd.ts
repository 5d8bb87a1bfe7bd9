import { request } from 'undici';
import { freePort } from './ports.ts';
import { type RunningProcess, type Warden, waitUntilReady } from './warden.ts';

export interface Etcd {
  readonly url: string;
  readonly process: RunningProcess;
  /** Forgets every revision that anyone has seen, at once and physically. */
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
      // As kubeadm has it. With etcd's own ten minutes a watch of what nobody writes gets no bookmark, and is taken for dead.
      '--experimental-watch-progress-notify-interval=5s',
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
  // A watch from the newest resourceVersion begins one revision later, and etcd serves the revision of the compaction itself (though
  // without the former value, which the API server answers with 500). Two revisions more leave every watch behind.
  await write(url);
  const state = await write(url);
  const revision = /"revision":"(\d+)"/.exec(state)?.[1];
  if (revision === undefined) {
    throw new Error(`read the revision of etcd: ${state}`);
  }
  await call(`${url}/v3/kv/compaction`, { revision, physical: true });
}

/** Writes a key outside of what the API server keeps. */
async function write(url: string): Promise<string> {
  return await call(`${url}/v3/kv/put`, { key: Buffer.from('/compaction').toString('base64'), value: '' });
}

async function call(url: string, body: object): Promise<string> {
  const response = await request(url, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.body.text();
  if (response.statusCode !== 200) {
    throw new Error(`POST ${url}: ${response.statusCode} ${text}`);
  }
  return text;
}
