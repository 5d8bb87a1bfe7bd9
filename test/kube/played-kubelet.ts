/** Plays the kubelet of a node without one, as far as the API server asks it for logs: `/containerLogs/NAMESPACE/POD/CONTAINER`. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { nodes, pods } from '../../src/kube/resource-types.ts';
import { createAuthority } from '../cluster/certificates.ts';
import { startHttpServer } from '../servers/http-server.ts';

export interface PlayedKubelet {
  readonly node: string;
  /** What a container has written so far; whoever follows its log gets it at once. */
  write(pod: string, container: string, text: string): void;
  /** The container has ended. */
  end(pod: string, container: string): void;
  /** Logs that are open right now. */
  readonly followers: number;
  /** A pod on this node that runs. */
  run(pod: RunningPod): Promise<void>;
  stop(): Promise<void>;
}

export interface RunningPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the ReplicaSet that made it. */
  readonly replicaSet?: string;
}

type SpecObject = KubeObject & { readonly spec: object };

interface Log {
  text: string;
  isOver: boolean;
  readonly open: Set<ServerResponse>;
}

export async function playKubelet(client: KubeClient): Promise<PlayedKubelet> {
  const logs = new Map<string, Log>();
  const logOf = (pod: string, container: string) => {
    const key = `${pod}/${container}`;
    const log = logs.get(key) ?? { text: '', isOver: false, open: new Set<ServerResponse>() };
    logs.set(key, log);
    return log;
  };
  const tls = createAuthority('kubelet').issue({ commonName: 'kubelet', hosts: ['127.0.0.1'] });
  const server = await startHttpServer((_request, response, url) => {
    const [, , , pod = '', container = ''] = url.pathname.split('/');
    const log = logOf(pod, container);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write(log.text);
    if (log.isOver || url.searchParams.get('follow') !== 'true') {
      response.end();
      return;
    }
    response.flushHeaders();
    log.open.add(response);
    response.once('close', () => log.open.delete(response));
  }, tls);
  const node = `node-${server.host.split(':')[1]}`;
  await createNode(client, node, Number(server.host.split(':')[1]));
  return {
    node,
    write(pod, container, text) {
      const log = logOf(pod, container);
      log.text += text;
      for (const response of log.open) {
        response.write(text);
      }
    },
    end(pod, container) {
      const log = logOf(pod, container);
      log.isOver = true;
      for (const response of log.open) {
        response.end();
      }
    },
    get followers() {
      return [...logs.values()].reduce((sum, { open }) => sum + open.size, 0);
    },
    run: (pod) => runPod(client, node, pod),
    async stop() {
      await server.stop();
      await client.delete(nodes, { name: node, namespace: '' });
    },
  };
}

async function createNode(client: KubeClient, name: string, port: number): Promise<void> {
  // Nothing of a scheduler or a controller is to look at it.
  const spec = { unschedulable: true };
  await client.create<SpecObject>(nodes, { metadata: { name }, spec });
  const status = {
    addresses: [
      { type: 'Hostname', address: '127.0.0.1' },
      { type: 'InternalIP', address: '127.0.0.1' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  const patch = { kind: 'merge', body: { status } } as const;
  await client.patch(nodes, { name, namespace: '' }, patch, { subresource: 'status' });
}

async function runPod(client: KubeClient, node: string, pod: RunningPod) {
  const { namespace, name, labels, image, env = {}, replicaSet } = pod;
  const list = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  const spec = { nodeName: node, containers: [{ name: 'web', image, env: list }] };
  await client.create<SpecObject>(pods, { metadata: { namespace, name, labels, ...madeBy(replicaSet) }, spec });
  const startedAt = new Date().toISOString().replace(/\.\d+/, '');
  const running = { state: { running: { startedAt } }, ready: true, restartCount: 0 };
  const status = {
    phase: 'Running',
    startTime: startedAt,
    containerStatuses: [{ name: 'web', image, imageID: '', ...running }],
  };
  await client.patch(pods, { namespace, name }, { kind: 'merge', body: { status } }, { subresource: 'status' });
}

function madeBy(name: string | undefined) {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: name ?? '', uid: randomUUID(), controller: true };
  return name === undefined ? {} : { ownerReferences: [owner] };
}
