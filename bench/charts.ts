/**
 * How long an index.yaml of 30 MB takes to read over HTTP, for how long the event loop is held by it, and the same by js-yaml.
 * `make bench NAME=charts`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { load } from 'js-yaml';
import { createChartClient } from '../src/adapters/registry/charts/charts.ts';
import { createRegistryClient } from '../src/adapters/registry/client.ts';

const rounds = 5;
const index = makeIndex(50, 1_500);
const server = createServer((_request, response) => response.end(index));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const clock = { now: () => new Date() };
const registry = createRegistryClient({ clock });

const measured: Measured[] = [];
for (let round = 0; round < rounds; round += 1) {
  const charts = createChartClient({ registry, clock });
  const place = { location: { kind: 'Index', url, chart: 'c25' }, access: { insecure: true } } as const;
  measured.push(await measure(async () => void (await charts.listVersions(place, new AbortController().signal))));
  await charts.close();
}
const peer = await measure(async () => void load(index.toString('utf8')));
await registry.close();
server.close();

const best = (name: keyof Measured) => Math.round(Math.min(...measured.map((one) => one[name])) * 10) / 10;
// Of all rounds, the first included, in which nothing is compiled yet.
const worstCpu = Math.round(Math.max(...measured.map(({ heldCpuMs }) => heldCpuMs)) * 10) / 10;
const figures = [
  { name: 'size of the index', value: Math.round(index.length / 1e5) / 10, unit: 'MB' },
  { name: 'read the versions of one chart', value: best('ms'), unit: 'ms', better: 'lower' },
  { name: 'longest hold of the event loop', value: best('heldMs'), unit: 'ms', goal: 50, better: 'lower' },
  { name: 'longest hold of the event loop, in CPU time', value: worstCpu, unit: 'ms', goal: 50, better: 'lower' },
  { name: 'js-yaml: read all of it', value: Math.round(peer.ms), unit: 'ms', better: 'lower' },
  { name: 'js-yaml: longest hold of the event loop', value: Math.round(peer.heldMs), unit: 'ms', better: 'lower' },
];
for (const { name, value, unit } of figures) {
  console.log(`${String(value).padStart(8)} ${unit.padEnd(3)} ${name}`);
}
console.log(JSON.stringify({ figures }));

interface Measured {
  readonly ms: number;
  /** The longest time between two turns of the event loop. */
  readonly heldMs: number;
  /** The same in CPU time of the thread, which other work on the machine makes no longer. */
  readonly heldCpuMs: number;
}

async function measure(work: () => Promise<void>): Promise<Measured> {
  let [heldMs, heldCpuMs] = [0, 0];
  let [turnedAt, cpuAt] = [performance.now(), cpuMs()];
  let immediate: NodeJS.Immediate;
  const turn = () => {
    const [now, cpu] = [performance.now(), cpuMs()];
    heldMs = Math.max(heldMs, now - turnedAt);
    heldCpuMs = Math.max(heldCpuMs, cpu - cpuAt);
    [turnedAt, cpuAt] = [now, cpu];
    immediate = setImmediate(turn);
  };
  immediate = setImmediate(turn);
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  await new Promise((resolve) => setTimeout(resolve, 5));
  clearImmediate(immediate);
  return { ms, heldMs, heldCpuMs };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** As helm writes it, with descriptions, maintainers and annotations of the usual length. */
function makeIndex(chartCount: number, versionCount: number): Buffer {
  const description = 'A chart of something that many people run, with a database, a cache and a proxy in front of it.';
  const one = (chart: number, at: number) => `  - annotations:
      category: Infrastructure
    apiVersion: v2
    appVersion: ${at % 9}.${at % 31}.${at}
    created: "2026-05-01T10:00:00.123456789Z"
    description: ${description}
    digest: ${at.toString(16).padStart(64, '0')}
    home: https://charts.example.org
    maintainers:
    - email: someone@example.org
      name: someone
    name: c${chart}
    urls:
    - https://charts.example.org/c${chart}-${at % 9}.${chart}.${at}.tgz
    version: ${at % 9}.${chart}.${at}
`;
  const charts = Array.from(
    { length: chartCount },
    (_, chart) => `  c${chart}:\n${Array.from({ length: versionCount }, (_each, at) => one(chart, at)).join('')}`,
  );
  return Buffer.from(`apiVersion: v1\nentries:\n${charts.join('')}`);
}
