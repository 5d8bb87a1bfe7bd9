/**
 * What becomes of an Update with backup and data rollback when something breaks at each of its steps: the new version drops a table and
 * crashes, so that the way there and the way back are both walked. What was measured is kept in bench/faults/measured.json, from which
 * docs/concepts/faults.md is generated. Without a fault it measures how long the way back takes (FAULTS=none for that alone).
 *
 * usage: make bench NAME=faults [FAULTS=none,registry,disk] [MOMENTS=BackingUp,Watching] [AT_ONCE=2]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createKubeClient } from '../src/kube/client.ts';
import { loadKubeConfig } from '../src/kube/kubeconfig.ts';
import { locateTools } from '../test/cluster/binaries.ts';
import { startNode } from '../test/cluster/node.ts';
import { hireWarden } from '../test/cluster/warden.ts';
import { installCrds } from '../test/install-crds.ts';
import { type Cell, type FaultRow, faultsPage, isGood, type Moment, moments, withCells } from './faults/cells.ts';
import { faultRows } from './faults/rows.ts';
import { breakShop, type Controller, type FaultStage, pushShops } from './faults/shop-under-fault.ts';
import { measureWayBack } from './faults/way-back.ts';
import { type WayBack, wayBackGoalMs } from './faults/way-back-line.ts';
import { sayFigures } from './figures.ts';

type FaultName = keyof typeof faultRows;

/** Of each strategy, where nothing breaks. */
const wayBackRuns = 4;

const awayMs = 30_000;

const measured = join(import.meta.dirname, 'faults/measured.json');
const waysBackFile = join(import.meta.dirname, 'faults/way-back.json');
const page = join(import.meta.dirname, '../docs/concepts/faults.md');

const strikes: Readonly<Record<FaultName, (stage: FaultStage, controller: Controller) => Promise<void>>> = {
  headgate: (_, controller) => controller.replace(),
  apiServer: async ({ cluster }) => {
    await cluster.controlPlane.stopApiServer('SIGKILL');
    await cluster.controlPlane.startApiServer();
  },
  kubelet: async ({ cluster }) => {
    await cluster.stopKubelet();
    await delay(awayMs);
    await cluster.startKubelet();
  },
  registry: async ({ cluster }) => {
    await cluster.stopRegistry();
    await delay(awayMs);
    await cluster.startRegistry();
  },
  etcd: async ({ cluster }) => {
    await cluster.controlPlane.compactEtcd();
    await cluster.controlPlane.stopApiServer('SIGKILL');
    await cluster.controlPlane.startApiServer();
  },
  disk: () => Promise.resolve(),
};

async function main(): Promise<void> {
  const names = chosen('FAULTS', ['none', ...faultNames()] as const);
  const at = chosen('MOMENTS', moments);
  const cluster = await startNode({ name: 'faults' });
  const warden = await hireWarden();
  const client = createKubeClient(await loadKubeConfig({ path: cluster.kubeconfigPath }), { fieldManager: 'bench' });
  try {
    const { kubectl } = await locateTools(['kubectl']);
    await installCrds(client);
    const stage = { cluster, warden, client, kubectl, digest: await pushShops(cluster) };
    let bad = 0;
    for (const name of names) {
      bad += name === 'none' ? await keepWayBack(stage) : await strikeAt(stage, name, at);
    }
    process.exitCode = bad === 0 ? 0 : 1;
  } finally {
    await client.close();
    await warden.dismiss();
    await cluster.stop();
  }
}

/** @returns how many cells are not as they must be */
async function strikeAt(stage: FaultStage, name: FaultName, at: readonly Moment[]): Promise<number> {
  const row: FaultRow = faultRows[name];
  let bad = 0;
  for (const some of inTurns(at.filter((moment) => row.only?.moments.includes(moment) ?? true))) {
    const cells = await walk(stage, name, some);
    for (const cell of cells) {
      console.log(`${isGood(row, cell) ? 'good' : 'BAD '} ${JSON.stringify(cell)}`);
    }
    bad += cells.filter((cell) => !isGood(row, cell)).length;
    await keep(cells);
  }
  return bad;
}

function faultNames(): readonly FaultName[] {
  return Object.keys(faultRows).filter((name): name is FaultName => name in faultRows);
}

/** Those that the environment variable names; all when it is not set. */
function chosen<T extends string>(variable: string, all: readonly T[]): readonly T[] {
  const wanted = process.env[variable]?.split(',');
  const unknown = wanted?.filter((one) => !all.some((known) => known === one)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`${variable}: ${unknown.join(', ')} is none of ${all.join(', ')}`);
  }
  return all.filter((one) => wanted?.includes(one) ?? true);
}

/** As many moments as go at once. */
function inTurns(at: readonly Moment[]): readonly (readonly Moment[])[] {
  const most = Number(process.env['AT_ONCE'] ?? moments.length);
  return at.flatMap((_, index) => (index % most === 0 ? [at.slice(index, index + most)] : []));
}

/** One shop for each moment, at once: what breaks for one breaks for all, at whatever they are about. */
async function walk(stage: FaultStage, fault: FaultName, at: readonly Moment[]): Promise<readonly Cell[]> {
  let turn = Promise.resolve();
  const meet = async (moment: Moment): Promise<Cell> => {
    const strike = (controller: Controller) => {
      turn = turn.then(() => strikes[fault](stage, controller));
      return turn;
    };
    const trial = {
      namespace: `${fault}-${moment}`.toLowerCase(),
      ...{ moment, strike, hasFullDisk: fault === 'disk' },
    };
    const outcome = await breakShop(stage, trial).catch((error: unknown) => String(error));
    return { fault: faultRows[fault].name, moment, outcome };
  };
  return await Promise.all(at.map(meet));
}

/** @returns how many took longer than they may */
async function keepWayBack(stage: FaultStage): Promise<number> {
  const runs = await measureWayBack(stage, wayBackRuns);
  await writeFile(waysBackFile, `${JSON.stringify(runs, undefined, 2)}\n`);
  await writePage();
  const figures = runs.map(({ strategy, untilPodMs }) => ({
    ...{ name: `${strategy}: from the verdict to the pod of the former version`, value: untilPodMs, unit: 'ms' },
    ...(strategy === 'RollingUpdate' && { goal: wayBackGoalMs }),
    better: 'lower' as const,
  }));
  sayFigures(figures);
  return runs.filter(({ strategy, untilPodMs }) => strategy === 'RollingUpdate' && untilPodMs > wayBackGoalMs).length;
}

async function writePage(): Promise<void> {
  const cells: readonly Cell[] = JSON.parse(await readFile(measured, 'utf8'));
  const waysBack: readonly WayBack[] = JSON.parse(await readFile(waysBackFile, 'utf8'));
  await writeFile(page, faultsPage(Object.values(faultRows), { cells, waysBack }));
}

/** Each cell takes minutes: what is measured is kept, whatever comes later. */
async function keep(cells: readonly Cell[]): Promise<void> {
  const before: readonly Cell[] = JSON.parse(await readFile(measured, 'utf8'));
  const all = withCells(before, cells);
  await writeFile(measured, `${JSON.stringify(all, undefined, 2)}\n`);
  await writePage();
}

await main();
