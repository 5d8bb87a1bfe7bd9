/**
 * Many objects put in place, beside kubectl and beside what no client can go below, on one real API server in one run.
 * `make bench NAME=apply`; `node bench/apply.ts apps-200` measures one part.
 *
 * (a) 2,000 objects in 500 files: bare parallel requests, Headgate's apply engine, `kubectl apply --server-side --validate=false`; then each
 * once more, unchanged. (b) The same 2,000 objects as one App of the whole program: unchanged, one line changed, memory. (c) 200 and (d)
 * 1,000 Apps of 4 objects with a real controller manager: until all are ready, writes, and gone again. (e) 5,000 files of which one
 * changes. (f) memory over 200 updates. Absolute times mean little on a busy machine; the ratios are of the same run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureFiles } from './apply/files.ts';
import { measureFirstApply } from './apply/first-apply.ts';
import { measureManyApps } from './apply/many-apps.ts';
import { measureOneApp } from './apply/one-app.ts';
import { type ApplyBench, bundleWorker, createBench } from './apply/stage.ts';
import { type Figure, sayFigures } from './figures.ts';

const parts: Readonly<Record<string, (bench: ApplyBench) => Promise<void>>> = {
  objects: measureFirstApply,
  'one-app': measureOneApp,
  'apps-200': (bench) => measureManyApps(bench, { count: 200, readySeconds: 20, mostMebibytes: 300, goneSeconds: 20 }),
  'apps-1000': (bench) => measureManyApps(bench, { count: 1_000, readySeconds: 120, mostMebibytes: 300 }),
  files: measureFiles,
};

const asked = process.argv.slice(2);
const figures: Figure[] = [];
const folder = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
try {
  const bench = createBench(folder, await bundleWorker(folder), figures);
  for (const [name, measure] of Object.entries(parts)) {
    if (asked.length === 0 || asked.includes(name)) {
      await measure(bench);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
sayFigures(figures);
console.log(JSON.stringify({ figures }));
