/**
 * What a channel costs, and whether a fleet follows its curve. `make bench NAME=fleet`.
 *
 * Real: keys, signatures, the publisher, and for a sample of clusters the client over HTTP against an nginx on loopback. Virtual: the time of
 * 100,000 clusters, each of which decides with the product's own code.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderStore } from '../src/adapters/channel/folder-store.ts';
import { newestRoot, readPublished, readTargetFile } from '../src/adapters/channel/published.ts';
import { createChannelPublisher } from '../src/adapters/channel/publisher.ts';
import { createChannelReader } from '../src/adapters/channel/reader.ts';
import { makeRoot, publishRoot } from '../src/adapters/channel/root-ceremony.ts';
import { indexPath } from '../src/core/channel/layout.ts';
import type { Release } from '../src/core/channel/release.ts';
import { type Rollout, shareAt } from '../src/core/channel/rollout.ts';
import { composeContent, readIndex } from '../src/engine/channel/compose-content.ts';
import type { TrustedFiles } from '../src/engine/ports/channel-reader.ts';
import { systemClock } from '../src/kube/clock.ts';
import { lifetimes, newKeyring, planFor, signal } from '../test/channels/channel-ground.ts';
import { openOutbound } from '../test/servers/open-outbound.ts';
import { type Figure, round, say, sayFigures } from './figures.ts';
import { type Nginx, startNginx } from './fleet/nginx.ts';
import { rollOut, shareOf } from './fleet/virtual-fleet.ts';

const hourMs = 3_600_000;
const appCount = 100;
const clusterCount = 100_000;
const sampleCount = 50;
const looksOfSample = 10;
const intervalMs = hourMs / 2;
const rollout: Rollout = {
  points: [
    { afterMs: hourMs, share: 0.05 },
    { afterMs: 24 * hourMs, share: 0.5 },
    { afterMs: 48 * hourMs, share: 1 },
  ],
  canary: undefined,
  paused: false,
};

function releaseOf(sequence: number): Release {
  const digest = (app: number) => `sha256:${(app * 1_000 + sequence).toString(16).padStart(64, '0')}`;
  const definition = JSON.stringify({ interval: '5m', padding: 'x'.repeat(2_000) });
  const apps = Array.from({ length: appCount }, (_, app) => ({
    name: `app-${app}`,
    namespace: 'hub',
    definition,
    versions: [
      {
        source: 'image',
        kind: 'Image' as const,
        location: `ghcr.io/org/app-${app}`,
        tag: `1.${sequence}.0`,
        digest: digest(app),
        target: undefined,
      },
    ],
  }));
  const requires = { headgate: undefined, kubernetes: undefined };
  return {
    ...{ name: `r${sequence}`, channel: 'stable', sequence, apps, requires, previous: undefined, notes: undefined },
    ...{ barrier: false, deadEnds: [], links: [], changes: [], soakedForMs: 0, targets: [] },
    createdAt: new Date(),
  };
}

const keys = newKeyring();
const folder = await mkdtemp(join(tmpdir(), 'fleet-'));
const published = join(folder, 'published');
const store = createFolderStore(published);
const publisher = createChannelPublisher({ store, keys, lifetimes, clock: systemClock });

async function publish(count: number): Promise<number> {
  const startedAt = performance.now();
  const sequences = Array.from({ length: count }, (_, at) => at + 1);
  const releases: Release[] = [];
  for (const sequence of sequences) {
    const release = releaseOf(sequence);
    // Each App brings a chart of 20 kB with each Release.
    const targets = await Promise.all(
      release.apps.map(async ({ name: app }) => {
        const path = `apps/${app}/chart-1.${sequence}.0.tgz`;
        const mark = await publisher.addFile(path, Buffer.alloc(20_000, `${app} ${sequence}`), signal);
        return { path, app, kind: 'Chart' as const, ...mark };
      }),
    );
    releases.push({ ...release, targets });
  }
  const composition = { channel: 'stable', releases, deadEnds: [], rollout, retention: 20, now: systemClock.now() };
  await publisher.publish((now) => composeContent(composition, now), signal);
  return performance.now() - startedAt;
}

async function measureLooks(nginx: Nginx): Promise<readonly Figure[]> {
  const outbound = openOutbound();
  const trustedRoot = (await newestRoot(store, signal)).bytes;
  const reader = createChannelReader({
    ...{ folder: join(folder, 'clients'), outbound, clock: systemClock },
    openFiles: () => undefined,
  });
  const look = async (cluster: number) => {
    const place = {
      owner: `cluster ${cluster}`,
      urls: [nginx.url],
      trustedRoot,
      login: undefined,
      caBundle: undefined,
    };
    const none: TrustedFiles = new Map();
    return await reader.look(place, none, signal);
  };
  for (let cluster = 0; cluster < sampleCount; cluster += 1) {
    const view = await look(cluster);
    await view.read(indexPath, 1_000_000, signal);
  }
  const first = nginx.requests().length;
  const cpu = process.cpuUsage();
  for (let turn = 0; turn < looksOfSample; turn += 1) {
    for (let cluster = 0; cluster < sampleCount; cluster += 1) {
      await look(cluster);
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  const asked = nginx.requests().slice(first);
  await outbound.close();
  const looks = sampleCount * looksOfSample;
  const bytes = asked.reduce((sum, [, up, down]) => sum + up + down, 0);
  const confirmed = asked.filter(([status]) => status === 304).length;
  say(
    `${looks} looks at ${nginx.version} where nothing was new; the first look of a cluster took ${round(first / sampleCount)} requests`,
  );
  return [
    {
      name: 'requests of a look where nothing is new',
      value: round(asked.length / looks),
      unit: '',
      goal: 2,
      better: 'lower',
    },
    {
      name: 'bytes of it, both ways, with heads',
      value: round(bytes / looks),
      unit: 'B',
      goal: 2_048,
      better: 'lower',
    },
    { name: 'of these answered by 304', value: round(confirmed / looks), unit: '', goal: 1, better: 'higher' },
    { name: 'CPU of it', value: round((user + system) / 1_000 / looks), unit: 'ms', goal: 5, better: 'lower' },
  ];
}

async function measureFleet(): Promise<readonly Figure[]> {
  const bytes = await readTargetFile(store, await readPublished(store, signal), indexPath, signal);
  const index = readIndex(bytes ?? new Uint8Array());
  const publishedAt = index.releases.at(-1)?.publishedAt ?? new Date();
  const one = { ...index, releases: index.releases.slice(-1) };
  const plan = { clusters: clusterCount, intervalMs, lengthMs: 60 * hourMs, publishedAt };
  const marks = Array.from({ length: 50 }, (_, hour) => hour * hourMs);

  const free = rollOut({ ...plan, indexAt: () => one });
  // Nobody knows of a Release before the first look; the curve holds from then on.
  const late = marks.filter((at) => at >= intervalMs);
  const furthest = Math.max(...late.map((at) => Math.abs(shareOf(free, at) - shareAt(rollout, at))));

  const pausedAtMs = 12 * hourMs;
  const paused = { ...one, rollout: { ...rollout, paused: true } };
  const stopped = rollOut({ ...plan, indexAt: (since) => (since < pausedAtMs ? one : paused) });
  const after = stopped.filter((at) => at > pausedAtMs + intervalMs && at < Number.POSITIVE_INFINITY).length;

  const [awayMs, backMs] = [20 * hourMs, 26 * hourMs];
  const interrupted = rollOut({ ...plan, indexAt: (since) => (since >= awayMs && since < backMs ? undefined : one) });
  const behind = shareOf(free, backMs + intervalMs) - shareOf(interrupted, backMs + intervalMs);
  return [
    {
      name: `${clusterCount} clusters: furthest from the curve, at any full hour`,
      value: round(furthest * 100),
      unit: '%',
      goal: 1,
      better: 'lower',
    },
    {
      name: 'clusters that took it later than one interval after the pause',
      value: after,
      unit: '',
      goal: 0,
      better: 'lower',
    },
    {
      name: 'hub away for 6 h: share behind, one interval after it is back',
      value: round(behind * 100),
      unit: '%',
      goal: 0,
      better: 'lower',
    },
    {
      name: 'hub away for 6 h: clusters without it in the end',
      value: interrupted.filter((at) => at === Number.POSITIVE_INFINITY).length,
      unit: '',
      goal: 0,
      better: 'lower',
    },
  ];
}

function project(figures: readonly Figure[]): void {
  const [requests, bytes] = figures.map(({ value }) => value);
  const clusters = 1_000_000;
  const perSecond = clusters / (intervalMs / 1_000);
  say(
    `1,000,000 clusters, one look each ${intervalMs / 60_000} min: 1,000,000 / ${intervalMs / 1_000} s = ${Math.round(perSecond)} looks/s,`,
  );
  say(
    `  x ${requests} = ${Math.round(perSecond * (requests ?? 0))} requests/s, x ${bytes} B = ${round((perSecond * (bytes ?? 0)) / 1_048_576)} MiB/s, all of it fit for a cache`,
  );
}

const root = await makeRoot(planFor(keys, new Date(Date.now() + 365 * 24 * hourMs)), undefined, keys.root, signal);
await publishRoot(store, root, undefined, signal);
const nginx = await startNginx(published);
try {
  const firstMs = await publish(1);
  const twentiethMs = await publish(20);
  const looks = await measureLooks(nginx);
  const figures: Figure[] = [
    {
      name: `publishing a Release of ${appCount} Apps`,
      value: round(firstMs / 1_000),
      unit: 's',
      goal: 5,
      better: 'lower',
    },
    {
      name: `publishing 20 Releases of ${appCount} Apps, 2,000 files, at once`,
      value: round(twentiethMs / 1_000),
      unit: 's',
      better: 'lower',
    },
    ...looks,
    ...(await measureFleet()),
  ];
  sayFigures(figures);
  project(looks);
  console.log(JSON.stringify({ figures }));
} finally {
  await nginx.stop();
  await rm(folder, { recursive: true, force: true });
}
