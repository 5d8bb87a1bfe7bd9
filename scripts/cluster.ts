/**
 * A cluster to work with, in the folder `.cluster`.
 *
 * usage: node scripts/cluster.ts up|down|status|env
 *
 * `up` writes .cluster/env to be sourced by a shell, and leaves one process behind, the holder, which owns the cluster: when it ends, also by a crash, nothing of the cluster is left.
 * MEMBER=1 adds a second control plane without a node. Without root there is only a control plane, and `up` says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { locateTools } from '../test/cluster/binaries.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hold } from './cluster/holder.ts';
import { type ClusterState, findHolder, readState, statePath } from './cluster/state.ts';

const folder = join(import.meta.dirname, '..', '.cluster');

const commands: Readonly<Record<string, () => Promise<void>>> = {
  up,
  down,
  status,
  env: printEnvironment,
  hold: () =>
    hold(folder, { member: process.env['MEMBER'] === '1', node: process.env['HEADGATE_SKIP_NODE'] === undefined }),
};

async function up(): Promise<void> {
  if ((await findHolder(folder)) !== undefined) {
    console.log('The cluster runs already.');
    return await status();
  }
  const reason = process.env['HEADGATE_SKIP_NODE'];
  if (reason !== undefined) {
    console.log(`A control plane only, no node: ${reason}`);
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const nodeTools = reason === undefined ? (['kubelet', 'kube-proxy', 'coredns'] as const) : [];
  await locateTools([
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'helm',
    'kubectl',
    ...nodeTools,
  ]);
  const start = performance.now();
  console.log('Starting the cluster ...');
  await startHolder();
  console.log(`Ready after ${((performance.now() - start) / 1000).toFixed(1)} s.`);
  await writeEnvironment();
  await status();
}

/** For `source .cluster/env`. */
async function writeEnvironment(): Promise<void> {
  const state = await readState(folder);
  await writeFile(join(folder, 'env'), state === undefined ? '' : `${exportsOf(state).join('\n')}\n`);
}

async function startHolder(): Promise<void> {
  const logPath = join(folder, 'holder.log');
  const log = openSync(logPath, 'a');
  const holder = spawn(process.execPath, [import.meta.filename, 'hold'], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  await once(holder, 'spawn');
  // An interrupted `up` must not leave half a cluster.
  const abandon = (): void => {
    holder.kill('SIGTERM');
    process.exitCode = 130;
  };
  process.once('SIGINT', abandon).once('SIGTERM', abandon);
  await waitUntil('start the cluster', 120_000, async () => {
    if (holder.exitCode !== null || holder.signalCode !== null) {
      throw new Error(`start the cluster: ${await readFile(logPath, 'utf8').catch(() => 'interrupted')}`);
    }
    return existsSync(statePath(folder));
  });
  holder.unref();
}

async function down(): Promise<void> {
  const holder = await findHolder(folder);
  if (holder !== undefined) {
    console.log('Stopping the cluster ...');
    process.kill(holder, 'SIGTERM');
    await waitUntil('stop the cluster', 60_000, async () => (await findHolder(folder)) === undefined);
  }
  await rm(folder, { recursive: true, force: true });
  console.log('No cluster is running.');
}

async function status(): Promise<void> {
  const state = await readState(folder);
  if (state === undefined) {
    console.log('No cluster is running. Start one with `make cluster-up`.');
    process.exitCode = 1;
    return;
  }
  console.log(describe(state));
}

function describe(state: ClusterState): string {
  const lines = [
    '',
    ...exportsOf(state).map((line) => `  ${line}`),
    '',
    `  API server         ${state.server}`,
    ...(state.registry === undefined
      ? []
      : [
          `  registry           ${state.registry} (this machine, kubelet and pods; plain http)`,
          `  registry           ${state.localRegistry} (this machine only; plain http)`,
          `  node               ${state.nodeAddress} (NodePorts; cluster IPs of Services are reached from here too)`,
        ]),
    ...(state.memberKubeconfig === undefined
      ? []
      : [
          `  member             KUBECONFIG=${state.memberKubeconfig}`,
          `  member, for pods   KUBECONFIG=${state.memberKubeconfigForPods} (another address of the same API server)`,
        ]),
    '  logs               .cluster/state/log, .cluster/state/control-plane/log',
    '  end it             make cluster-down',
    '',
  ];
  return lines.join('\n');
}

async function printEnvironment(): Promise<void> {
  const state = await readState(folder);
  if (state === undefined) {
    throw new Error('no cluster is running; start one with `make cluster-up`');
  }
  console.log(exportsOf(state).join('\n'));
}

function exportsOf(state: ClusterState): string[] {
  return [
    `export KUBECONFIG=${state.kubeconfig}`,
    ...(state.registry === undefined ? [] : [`export REGISTRY=${state.registry}`]),
    `export PATH=${state.programs}:${dirname(process.execPath)}:$PATH   # kubectl, helm, node`,
  ];
}

const run = commands[process.argv[2] ?? ''];
if (run === undefined) {
  console.error('usage: node scripts/cluster.ts up|down|status|env');
  process.exitCode = 2;
} else {
  await run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode ??= 1;
  });
}
