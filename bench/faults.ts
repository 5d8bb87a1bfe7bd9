/**
 * What becomes of an Update with backup and data rollback when something breaks at each of its steps: the new version drops a table and
 * crashes, so that the way there and the way back are both walked. Writes docs/concepts/faults.md.
 *
 * usage: make bench NAME=faults [FAULTS="Headgate is killed,..."]
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createKubeClient } from '../src/kube/client.ts';
import { loadKubeConfig } from '../src/kube/kubeconfig.ts';
import { locateTools } from '../test/cluster/binaries.ts';
import { startNode } from '../test/cluster/node.ts';
import { hireWarden } from '../test/cluster/warden.ts';
import { installCrds } from '../test/install-crds.ts';
import {
  breakShop,
  type Controller,
  type FaultStage,
  type Moment,
  moments,
  type Outcome,
  pushShops,
} from './faults/shop-under-fault.ts';

type Fault = (stage: FaultStage, controller: Controller) => Promise<void>;

const awayMs = 30_000;

const page = join(import.meta.dirname, '../docs/concepts/faults.md');

const faults: Readonly<Record<string, Fault>> = {
  'Headgate is killed (SIGKILL)': (_, controller) => controller.replace(),
  'the API server is killed and started': async ({ cluster }) => {
    await cluster.controlPlane.stopApiServer('SIGKILL');
    await cluster.controlPlane.startApiServer();
  },
  'the kubelet is away for 30 s': async ({ cluster }) => {
    await cluster.stopKubelet();
    await delay(awayMs);
    await cluster.startKubelet();
  },
  'the registry is away for 30 s': async ({ cluster }) => {
    await cluster.stopRegistry();
    await delay(awayMs);
    await cluster.startRegistry();
  },
  'etcd is compacted and the API server killed': async ({ cluster }) => {
    await cluster.controlPlane.compactEtcd();
    await cluster.controlPlane.stopApiServer('SIGKILL');
    await cluster.controlPlane.startApiServer();
  },
};

async function main(): Promise<void> {
  const wanted = process.env['FAULTS']?.split(',');
  const cluster = await startNode({ name: 'faults' });
  const warden = await hireWarden();
  const client = createKubeClient(await loadKubeConfig({ path: cluster.kubeconfigPath }), { fieldManager: 'bench' });
  try {
    const { kubectl } = await locateTools(['kubectl']);
    await installCrds(client);
    await pushShops({ cluster, warden, client, kubectl });
    const rows: Row[] = [];
    for (const [index, [name, fault]] of Object.entries(faults).entries()) {
      if (wanted === undefined || wanted.some((part) => name.includes(part))) {
        const row = { name, outcomes: await walk({ cluster, warden, client, kubectl }, `fault-${index}`, fault) };
        rows.push(row);
        console.log(rowOf(row));
        // Each row takes minutes: what is measured is kept, whatever comes later.
        await (wanted === undefined ? writeFile(page, pageOf(rows)) : undefined);
      }
    }
    const bad = rows.flatMap(({ outcomes }) => outcomes).filter((one) => one instanceof Error || !isGood(one));
    process.exitCode = bad.length === 0 ? 0 : 1;
  } finally {
    await client.close();
    await warden.dismiss();
    await cluster.stop();
  }
}

interface Row {
  readonly name: string;
  /** In the order of the moments. */
  readonly outcomes: readonly (Outcome | Error)[];
}

/** One shop for each moment, at once: what breaks for one breaks for all, at whatever they are about. */
async function walk(stage: FaultStage, prefix: string, fault: Fault): Promise<readonly (Outcome | Error)[]> {
  let turn = Promise.resolve();
  const meet = async (moment: Moment): Promise<Outcome | Error> => {
    try {
      return await breakShop(stage, `${prefix}-${moment.toLowerCase()}`, moment, (controller) => {
        turn = turn.then(() => fault(stage, controller));
        return turn;
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  return await Promise.all(moments.map(meet));
}

/** Fully old again: the version was bad. */
function isGood({ phase, rows, whole }: Outcome): boolean {
  return phase === 'RolledBack' && rows === 'equal' && whole;
}

function pageOf(rows: readonly Row[]): string {
  return [
    '# What may break during an update',
    '',
    'A shop with PostgreSQL takes a version that drops a table and crashes: backup, change, verdict, the data back, the former version. Something breaks',
    'when the Update reaches a phase. Each cell: how it ended, whether every row is as before the update (checksum), and the seconds from the fault to the',
    'end. Four shops go at once, so that each meets the faults of the others too. Measured by `make bench NAME=faults`, which writes this page.',
    '',
    `| what breaks | ${moments.join(' | ')} |`,
    `|---|${moments.map(() => '---').join('|')}|`,
    ...Object.keys(faults).map((name) => rowOf(rows.find((row) => row.name === name) ?? { name, outcomes: [] })),
    '',
    'A disk that is full in the backup Job ends the Update with nothing changed, and one that is too small for what comes back leaves the App stopped',
    'until a person goes on: `e2e/data.node.test.ts`. A Headgate that is killed right before it starts a Job, writes that one is done, or lets the App run',
    'again: `e2e/data-killed.node.test.ts`.',
    '',
  ].join('\n');
}

function rowOf({ name, outcomes }: Row): string {
  const cells = outcomes.length === 0 ? moments.map(() => 'not measured') : outcomes.map(cellOf);
  return `| ${name} | ${cells.join(' | ')} |`;
}

function cellOf(outcome: Outcome | Error): string {
  if (outcome instanceof Error) {
    return `no end: ${outcome.message}`;
  }
  const { phase, rows, whole, seconds, caught } = outcome;
  const missed = caught ? '' : ', after the phase had passed';
  return `${phase}, rows ${rows}${whole ? '' : ', record not whole'}, ${seconds.toFixed(0)} s${missed}`;
}

await main();
