/**
 * Our Kubernetes runtime against @kubernetes/client-node, on one real API server in one run. `make bench NAME=kube`.
 *
 * (a) 300 GETs one after the other: time on the direct way to the server, and, in a round of its own, connections as a TCP
 * link in between counts them. (b) an informer on 10,000 Deployments: time until all are there, and memory, which is the growth of
 * RSS since before the library was imported: once settled (after a full collection) and at its highest. Each measurement is
 * a process of its own and the two sides take turns. The best round counts: whatever else the machine does only ever adds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createKubeClient } from '../src/kube/client.ts';
import { loadKubeConfig } from '../src/kube/kubeconfig.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { deployments, namespaces } from '../src/kube/resource-types.ts';
import { type ControlPlane, startControlPlane } from '../test/cluster/control-plane.ts';
import { openTcpLink } from '../test/kube/tcp-link.ts';

type Side = 'ours' | 'client-node';
/** `bare` is node:https on one connection and nothing else: what no client can go below. */
type Runner = Side | 'bare';
type Task = 'gets' | 'informer';

/** What a child process measured. */
export interface Measurement {
  readonly ms: number;
  /** CPU time of this process, user and system. */
  readonly cpuMs: number;
  readonly importMs: number;
  readonly settledBytes: number;
  readonly peakBytes: number;
  readonly objects: number;
}

interface Connections {
  readonly opened: number;
  readonly open: number;
}

const rounds = { gets: 7, informer: 3 };
const getCount = 300;
const deploymentCount = 10_000;
const runners: Readonly<Record<Task, readonly Runner[]>> = {
  gets: ['ours', 'client-node', 'bare'],
  informer: ['ours', 'client-node'],
};
const worker = fileURLToPath(new URL('kube-worker.ts', import.meta.url));

await main();

async function main(): Promise<void> {
  console.log('starting etcd and kube-apiserver with the keys that kubeadm makes (RSA 2048)');
  const plane = await startControlPlane({ keys: 'rsa2048' });
  try {
    const connections = {
      ours: await countConnections(plane, 'ours'),
      'client-node': await countConnections(plane, 'client-node'),
    };
    const gets = await measureAll(plane, 'gets');
    await createDeployments(plane);
    const informers = await measureAll(plane, 'informer');
    report(connections, gets, informers);
  } finally {
    await plane.stop();
  }
}

async function measureAll(plane: ControlPlane, task: Task): Promise<Results> {
  const all: Record<Runner, Measurement[]> = { ours: [], 'client-node': [], bare: [] };
  for (let round = 1; round <= rounds[task]; round += 1) {
    for (const side of runners[task]) {
      const measured = await measure(plane.kubeconfigPath, task, side, () => undefined);
      all[side].push(measured);
      console.log(
        `${task} round ${round} ${side}: ${Math.round(measured.ms)} ms, settled ${mebibytes(measured.settledBytes)}`,
      );
    }
  }
  return { ours: best(all.ours), 'client-node': best(all['client-node']), bare: best(all.bare) };
}

async function countConnections(plane: ControlPlane, side: Side): Promise<Connections> {
  const link = await openTcpLink(Number(new URL(plane.server).port));
  const admin = { commonName: 'admin', organization: 'system:masters' };
  const path = await plane.writeKubeconfig('bench.kubeconfig', admin, `https://127.0.0.1:${link.port}`);
  let open = 0;
  await measure(path, 'gets', side, () => {
    open = link.open;
  });
  await link.close();
  return { opened: link.opened, open };
}

/** Runs one measurement; `look` is called while its process still lives. */
async function measure(kubeconfig: string, task: Task, side: Runner, look: () => void): Promise<Measurement> {
  const count = String(task === 'gets' ? getCount : deploymentCount);
  const child = fork(worker, [task, side, kubeconfig, count], { execArgv: ['--expose-gc'] });
  try {
    const measured = await answerOf(child);
    look();
    return measured;
  } finally {
    child.kill('SIGKILL');
  }
}

async function answerOf(child: ChildProcess): Promise<Measurement> {
  const stop = new AbortController();
  const died = once(child, 'exit', { signal: stop.signal }).then(([code]) => {
    throw new Error(`bench worker ended with ${code} before it answered`);
  });
  const message = once(child, 'message', { signal: AbortSignal.timeout(120_000) });
  try {
    const [answer] = (await Promise.race([message, died])) as [Measurement];
    return answer;
  } finally {
    died.catch(() => undefined);
    stop.abort();
  }
}

async function createDeployments(plane: ControlPlane): Promise<void> {
  const client = createKubeClient(await loadKubeConfig({ path: plane.kubeconfigPath }), { fieldManager: 'bench' });
  await client.create(namespaces, { metadata: { name: 'bench' } });
  let next = 0;
  const create = async () => {
    for (let index = next++; index < deploymentCount; index = next++) {
      if (index % 2_000 === 0) {
        console.log(`creating Deployments: ${index} of ${deploymentCount}`);
      }
      await client.create<KubeObject & { spec: object }>(deployments, deployment(index));
    }
  };
  await Promise.all(Array.from({ length: 8 }, create));
  await client.close();
}

/** What a chart typically makes: labels, an environment, probes, resources, a volume. */
function deployment(index: number) {
  const labels = {
    'app.kubernetes.io/name': `app-${index}`,
    'app.kubernetes.io/instance': `release-${index}`,
    team: `team-${index % 20}`,
  };
  const container = {
    name: 'main',
    image: `registry.example.org/team-${index % 20}/app-${index}:1.${index % 40}.0`,
    env: Array.from({ length: 8 }, (_, at) => ({ name: `SETTING_${at}`, value: `value ${at} of ${index}` })),
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
    livenessProbe: { httpGet: { path: '/live', port: 'http' } },
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
  };
  return {
    metadata: {
      namespace: 'bench',
      name: `app-${index}`,
      labels,
      annotations: { 'meta.helm.sh/release-name': `release-${index}` },
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { 'app.kubernetes.io/name': `app-${index}` } },
      template: {
        metadata: { labels },
        spec: { containers: [container], volumes: [{ name: 'config', configMap: { name: `app-${index}` } }] },
      },
    },
  };
}

type Results = Record<Runner, Measurement>;

function report(connections: Record<Side, Connections>, gets: Results, informers: Results): void {
  const line = (name: string, read: (side: Side) => number, print: (value: number) => string) => {
    const [ours, theirs] = [read('ours'), read('client-node')];
    const cells = [print(ours).padStart(12), print(theirs).padStart(14), `${(theirs / ours).toFixed(1)}x`.padStart(8)];
    console.log(name.padEnd(44) + cells.join(''));
  };
  const ms = (value: number) => `${Math.round(value)} ms`;
  console.log(`\n${'best round'.padEnd(44)}${'ours'.padStart(12)}${'client-node'.padStart(14)}${'ratio'.padStart(8)}`);
  line('import of the library', (side) => gets[side].importMs, ms);
  line(`${getCount} GETs`, (side) => gets[side].ms, ms);
  console.log(`${`${getCount} GETs by bare node:https, for comparison`.padEnd(44)}${ms(gets.bare.ms).padStart(12)}`);
  line(`${getCount} GETs: CPU time of the client`, (side) => gets[side].cpuMs, ms);
  line(`${getCount} GETs: connections opened`, (side) => connections[side].opened, String);
  line(`${getCount} GETs: still open at the end`, (side) => connections[side].open, String);
  line(`${deploymentCount} Deployments: time to sync`, (side) => informers[side].ms, ms);
  line(`${deploymentCount} Deployments: RSS growth, settled`, (side) => informers[side].settledBytes, mebibytes);
  line(`${deploymentCount} Deployments: RSS growth, highest`, (side) => informers[side].peakBytes, mebibytes);
  console.log(JSON.stringify({ figures: figures(connections, gets, informers) }));
}

function figures(connections: Record<Side, Connections>, gets: Results, informers: Results) {
  const ratio = (a: number, b: number) => Math.round((a / b) * 100) / 100;
  const share = (name: string, read: (measured: Measurement) => number, goal: number) => ({
    name: `informer on ${deploymentCount} Deployments: ${name}, share of client-node`,
    value: ratio(read(informers.ours), read(informers['client-node'])),
    unit: 'ratio',
    goal,
    better: 'lower',
  });
  const faster = ratio(gets['client-node'].ms, gets.ours.ms);
  return [
    { name: `${getCount} GETs: times faster than client-node`, value: faster, unit: 'x', goal: 5, better: 'higher' },
    {
      name: `${getCount} GETs: share of the time of bare node:https`,
      value: ratio(gets.ours.ms, gets.bare.ms),
      unit: 'ratio',
      goal: 1.1,
      better: 'lower',
    },
    {
      name: `${getCount} GETs: connections opened`,
      value: connections.ours.opened,
      unit: 'connections',
      goal: 8,
      better: 'lower',
    },
    share('settled memory', (measured) => measured.settledBytes, 0.5),
    share('highest memory', (measured) => measured.peakBytes, 0.5),
    share('time to sync', (measured) => measured.ms, 1),
  ];
}

function best(rounds: readonly Measurement[]): Measurement {
  const least = (read: (measured: Measurement) => number) => Math.min(...rounds.map(read));
  return {
    ms: least((each) => each.ms),
    cpuMs: least((each) => each.cpuMs),
    importMs: least((each) => each.importMs),
    settledBytes: least((each) => each.settledBytes),
    peakBytes: least((each) => each.peakBytes),
    objects: least((each) => each.objects),
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}
