/** One measurement of bench/kube.ts, in a process of its own. Arguments: gets|informer, ours|client-node|bare, kubeconfig, count. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Measurement } from './kube.ts';

interface Subject {
  get(): Promise<unknown>;
  /** Resolves when `count` objects are there. */
  inform(count: number): Promise<number>;
}

/** Keeps what was measured from being collected. */
const kept: unknown[] = [];
const [task = '', side = '', path = '', count = '0'] = process.argv.slice(2);
const baseBytes = process.memoryUsage().rss;
const importStartedAt = performance.now();
const subject = await makeSubject();
const importMs = performance.now() - importStartedAt;

const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
const objects = task === 'gets' ? await getMany(Number(count)) : await subject.inform(Number(count));
const ms = performance.now() - startedAt;
const cpu = process.cpuUsage(cpuBefore);
const cpuMs = (cpu.user + cpu.system) / 1000;
await settle();
const peakBytes = process.resourceUsage().maxRSS * 1024 - baseBytes;
const measurement: Measurement = {
  ms,
  cpuMs,
  importMs,
  settledBytes: process.memoryUsage().rss - baseBytes,
  peakBytes,
  objects,
};
process.send?.(measurement);
// Stays, with its connections, until bench/kube.ts has counted them and ends it.
setInterval(() => undefined, 60_000);

async function makeSubject(): Promise<Subject> {
  switch (side) {
    case 'ours':
      return await ours();
    case 'client-node':
      return await clientNode();
    default:
      return await bare();
  }
}

async function getMany(times: number): Promise<number> {
  for (let left = times; left > 0; left -= 1) {
    await subject.get();
  }
  return times;
}

/** Gives both sides the same chance to hand memory back. */
async function settle(): Promise<void> {
  for (let left = 5; left > 0; left -= 1) {
    globalThis.gc?.();
    await delay(300);
  }
}

async function ours(): Promise<Subject> {
  const { createKubeClient } = await import('../src/kube/client.ts');
  const { loadKubeConfig } = await import('../src/kube/kubeconfig.ts');
  const { startInformer } = await import('../src/kube/informer.ts');
  const { deployments, namespaces } = await import('../src/kube/resource-types.ts');
  const client = createKubeClient(await loadKubeConfig({ path }));
  return {
    get: () => client.get(namespaces, { namespace: '', name: 'default' }),
    async inform() {
      const informer = startInformer({ client, type: deployments, signal: new AbortController().signal });
      await informer.synced;
      kept.push(informer);
      return informer.store.size;
    },
  };
}

async function clientNode(): Promise<Subject> {
  const { AppsV1Api, CoreV1Api, KubeConfig, makeInformer } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(path);
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);
  return {
    get: () => core.readNamespace({ name: 'default' }),
    async inform(expected) {
      const informer = makeInformer(config, '/apis/apps/v1/deployments', () => apps.listDeploymentForAllNamespaces());
      await informer.start();
      while (informer.list().length < expected) {
        await delay(20);
      }
      kept.push(informer);
      return informer.list().length;
    },
  };
}

/** One connection of node:https with the same certificates, and the answer parsed; no informer. */
async function bare(): Promise<Subject> {
  const https = await import('node:https');
  const { loadKubeConfig } = await import('../src/kube/kubeconfig.ts');
  const { server, tls, credentials } = await loadKubeConfig({ path });
  const { clientCertificate } = await credentials.current(new AbortController().signal);
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: 1,
    ca: tls.ca,
    cert: clientCertificate?.certificate,
    key: clientCertificate?.key,
  });
  const url = new URL('/api/v1/namespaces/default', server);
  return {
    get: () =>
      new Promise((resolve, reject) => {
        const call = https.request(url, { agent }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
        });
        call.on('error', reject);
        call.end();
      }),
    inform: () => Promise.reject(new Error('no informer')),
  };
}
