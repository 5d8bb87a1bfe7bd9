/**
 * Runs everything that must hold before a change goes in, one heading and one time per step, and counts.
 *
 * usage: node scripts/verify.ts check|test
 *
 * The counts of tests come from vitest's own report. A step that is no test run counts only when it fails. The last line,
 * `N passed, N failed`, is also written to the file that HEADGATE_RESULT names.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateTools } from '../test/cluster/binaries.ts';
import { processesOfRun } from './verify/left-behind.ts';
import { runProgram, runVitest, type TestRun } from './verify/run-step.ts';
import type { Counts } from './verify/test-report.ts';

interface Step {
  readonly title: string;
  run(run: Run): Promise<Counts>;
}

/** What the steps of one run share: its `id` finds processes that are left, `directory` is the temporary folder of its tests. */
type Run = TestRun;

const checks: readonly Step[] = [
  { title: 'format and lint', run: () => runProgram('biome', ['ci', '--colors=off', '--error-on-warnings', '.']) },
  { title: 'types', run: () => runProgram('tsc', ['--noEmit']) },
  { title: 'types of the pages', run: () => runProgram('tsc', ['--noEmit', '--project', 'ui']) },
  { title: 'dead code', run: () => runProgram('knip', ['--no-progress']) },
  { title: 'generated files are in step', run: () => runProgram(process.execPath, ['scripts/generate.ts', '--check']) },
  { title: 'layers and unit tests', run: (run) => runVitest('unit', run) },
];

const tests: readonly Step[] = [
  ...checks,
  { title: 'programs of the test cluster', run: fetchPrograms },
  { title: 'tests against a real API server', run: (run) => runVitest('server', run) },
  { title: 'tests on a real node', run: runNodeTests },
  { title: 'tests in a browser', run: runBrowserTests },
  { title: 'documentation site', run: runSiteTests },
  { title: 'nothing is left running', run: findLeftBehind },
];

async function fetchPrograms(): Promise<Counts> {
  // Two test files that both find one missing would both build it, in the time of a test.
  const others = ['cosign', 'crane', 'helm', 'kubectl', 'gitea', 'sops', 'versitygw'] as const;
  const forServer = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', ...others] as const;
  const forVolumes = ['snapshot-controller', 'csi-snapshotter', 'folder-csi-driver'] as const;
  const forNode = ['kubelet', 'kube-proxy', 'coredns', ...forVolumes] as const;
  await locateTools(skipReason() === undefined ? [...forServer, ...forNode] : forServer);
  return { passed: 0, failed: 0 };
}

function skipReason(): string | undefined {
  return process.env['HEADGATE_SKIP_NODE'];
}

async function runNodeTests(run: Run): Promise<Counts> {
  const reason = skipReason();
  return reason === undefined ? await runVitest('node', run) : skipped(reason);
}

async function runBrowserTests(run: Run): Promise<Counts> {
  const reason = process.env['HEADGATE_SKIP_BROWSER'];
  return reason === undefined ? await runVitest('browser', run) : skipped(reason);
}

async function runSiteTests(run: Run): Promise<Counts> {
  const reason = process.env['HEADGATE_SKIP_BROWSER'];
  if (reason !== undefined) {
    return skipped(reason);
  }
  const tests = await runVitest('site', run);
  // Building the site has made the types that its sources import.
  const types = await runProgram('tsc', ['--noEmit', '--project', 'site']);
  return { passed: tests.passed, failed: tests.failed + types.failed };
}

/** Loud; a failure where nobody would see it. */
function skipped(reason: string): Counts {
  console.log(`  SKIPPED: ${reason}`);
  const isFailure = process.env['CI'] === 'true';
  return { passed: 0, failed: isFailure ? 1 : 0 };
}

async function findLeftBehind(run: Run): Promise<Counts> {
  const processes = await processesOfRun(run.id);
  for (const { pid, command } of processes) {
    console.log(`  still running: ${pid} ${command}`);
  }
  const files = await readdir(run.directory);
  for (const file of files) {
    console.log(`  not removed: ${join(run.directory, file)}`);
  }
  return { passed: 0, failed: processes.length };
}

async function verify(steps: readonly Step[], isThorough: boolean): Promise<Counts> {
  const directory = await mkdtemp(join(tmpdir(), 'headgate-run-'));
  const run = { id: directory, directory: join(directory, 't'), isThorough };
  await mkdir(run.directory);
  const total = { passed: 0, failed: 0 };
  try {
    for (const { title, run: perform } of steps) {
      const counts = await performStep(title, () => perform(run));
      total.passed += counts.passed;
      total.failed += counts.failed;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return total;
}

async function performStep(title: string, perform: () => Promise<Counts>): Promise<Counts> {
  const start = performance.now();
  console.log(`== ${title}`);
  const counts = await perform().catch((error: unknown) => {
    console.log(error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1 };
  });
  const tests = counts.passed > 0 ? `, ${counts.passed} passed` : '';
  const verdict = counts.failed === 0 ? 'done' : `FAILED (${counts.failed})`;
  console.log(`   ${verdict}${tests} after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return counts;
}

async function main(level: string | undefined): Promise<void> {
  const steps = level === 'check' ? checks : tests;
  if (level !== 'check' && level !== 'test') {
    console.error('usage: node scripts/verify.ts check|test');
    process.exitCode = 2;
    return;
  }
  const { passed, failed } = await verify(steps, level === 'test');
  const line = `${passed} passed, ${failed} failed`;
  const resultPath = process.env['HEADGATE_RESULT'];
  if (resultPath !== undefined) {
    await writeFile(resultPath, `${line}\n`);
  }
  console.log(line);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main(process.argv[2]);
