/**
 * How fast the pages are with 5,000 Apps, in real Chromium against the controller as the image runs it and a real API server:
 * `make bench NAME=ui`.
 *
 * The Apps look after Deployments that are not there: each has a state and a reason, and no registry is asked. A change is measured from the
 * answer of the API server to it until the page shows it.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { buildPages } from '../scripts/product-image/build-pages.ts';
import { apps, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import { vetoAnnotation } from '../src/core/gates/veto.ts';
import type { KubeClient } from '../src/kube/client.ts';
import { namespaces } from '../src/kube/resource-types.ts';
import { freePort } from '../test/cluster/ports.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hireWarden } from '../test/cluster/warden.ts';
import { openBrowser } from '../ui/test/browser.ts';
import { type BenchCluster, startCluster } from './detect/cluster.ts';
import { startController } from './detect/controller-process.ts';
import { type Figure, round, say, sayFigures } from './figures.ts';

const namespace = 'pages';
const count = 5_000;
const filters = 40;
const changes = 60;

await main();

async function main(): Promise<void> {
  const warden = await hireWarden();
  const folder = await mkdtemp(join(tmpdir(), 'headgate-bench-ui-'));
  say('starting etcd, kube-apiserver and Chromium');
  const [cluster, browser] = await Promise.all([startCluster(), openBrowser(), buildPages(folder)]);
  try {
    await createApps(cluster.client);
    const listen = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const more = ['--api-listen', listen, '--ui-folder', folder, '--anonymous-read'];
    const controller = await startController(warden, { namespace, kubeconfig: cluster.kubeconfig, more });
    await untilJudged(listen);
    const figures = [await weigh(folder), ...(await look(browser, { cluster, address: `http://${listen}/` }))];
    await controller.stop();
    sayFigures(figures);
    console.log(JSON.stringify({ figures }));
  } finally {
    await browser.close();
    await Promise.all([cluster.stop(), warden.dismiss(), rm(folder, { recursive: true, force: true })]);
  }
}

async function createApps(client: KubeClient): Promise<void> {
  await client.create(namespaces, { metadata: { name: namespace } });
  const names = Array.from({ length: count }, (_, at) => nameOf(at));
  const work = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const image = { repository: `registry.example/${name}`, policy: { semver: { range: '1.x' } } };
      const deploy = { workloads: { targets: [{ kind: 'Deployment' as const, name }] } };
      await client.create<ProductObject>(apps, {
        metadata: { namespace, name },
        spec: { sources: [{ name: 'web', image }], deploy },
      });
    }
  };
  await Promise.all(Array.from({ length: 12 }, work));
}

function nameOf(at: number): string {
  return `app-${String(at).padStart(4, '0')}`;
}

async function untilJudged(listen: string): Promise<void> {
  await waitUntil(`${count} Apps have a state`, 300_000, async () => {
    const answer = await fetch(`http://${listen}/api/v1/apps?limit=1`);
    const { states } = (await answer.json()) as { states?: Record<string, number> };
    return states?.['Trouble'] === count;
  });
}

/** What a browser loads at first, as the server sends it. */
async function weigh(folder: string): Promise<Figure> {
  const assets = join(folder, 'assets');
  const first = (await readdir(assets)).filter((file) => /^index-.*\.br$/.test(file));
  const sizes = await Promise.all(first.map(async (file) => (await stat(join(assets, file))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, (await stat(join(folder, 'index.html'))).size);
  return { name: 'first load, compressed', value: round(bytes / 1_024), unit: 'KiB', goal: 300, better: 'lower' };
}

interface Seen {
  readonly cluster: BenchCluster;
  readonly address: string;
}

async function look(browser: Browser, { cluster, address }: Seen): Promise<Figure[]> {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
  const opening = performance.now();
  await page.goto(address);
  await page.getByRole('row', { name: /^app-0000/ }).waitFor();
  await page.getByRole('searchbox').fill('');
  const usableMs = performance.now() - opening;
  const filterMs = await measureFilters(page);
  const changeMs = await measureChanges(page, cluster.client);
  return [
    { name: `Overview of ${count} Apps usable`, value: round(usableMs / 1_000), unit: 's', goal: 2, better: 'lower' },
    { name: 'filter answered, median', value: round(quantile(filterMs, 0.5)), unit: 'ms', goal: 100, better: 'lower' },
    { name: 'filter answered, p95', value: round(quantile(filterMs, 0.95)), unit: 'ms', better: 'lower' },
    { name: 'change on the page, p95', value: round(quantile(changeMs, 0.95)), unit: 'ms', goal: 300, better: 'lower' },
  ];
}

/** From the filter being typed, pause for further letters included, until the one App is shown. */
async function measureFilters(page: Page): Promise<number[]> {
  const taken: number[] = [];
  for (let at = 0; at < filters; at += 1) {
    const name = nameOf(at * 100 + 7);
    const start = performance.now();
    await page.getByRole('searchbox').fill(name);
    await page.getByRole('status').getByText('1 app', { exact: true }).waitFor();
    await page.getByRole('row', { name: new RegExp(`^${name}`) }).waitFor();
    taken.push(performance.now() - start);
    await page.getByRole('searchbox').fill('');
    await page.getByRole('status').getByText(`${count} apps`, { exact: true }).waitFor();
  }
  return taken;
}

async function measureChanges(page: Page, client: KubeClient): Promise<number[]> {
  const taken: number[] = [];
  for (let at = 0; at < changes; at += 1) {
    const reason = `not now ${at}`;
    const annotations = { [vetoAnnotation]: reason };
    await client.patch(apps, { namespace, name: nameOf(at) }, { kind: 'merge', body: { metadata: { annotations } } });
    const start = performance.now();
    await page.getByText(reason, { exact: true }).waitFor();
    taken.push(performance.now() - start);
  }
  return taken;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
