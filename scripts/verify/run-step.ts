import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Counts, readReport } from './test-report.ts';

const packagePrograms = join(import.meta.dirname, '..', '..', 'node_modules', '.bin');
const environment = { ...process.env, PATH: `${packagePrograms}${delimiter}${process.env['PATH'] ?? ''}` };

/** Runs a program of the project and shows its output only when it does not end with 0. */
export async function runProgram(program: string, argumentList: readonly string[]): Promise<Counts> {
  const child = spawn(program, argumentList, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, 'close');
  if (code === 0) {
    return { passed: 0, failed: 0 };
  }
  process.stdout.write(Buffer.concat(output));
  return { passed: 0, failed: 1 };
}

export interface TestRun {
  readonly id: string;
  readonly directory: string;
  /** With all of the long tests of chance; see test/thorough.ts. */
  readonly isThorough: boolean;
}

/**
 * Runs one project of vitest and takes the counts from its report. A run that fails without a failed test counts as one.
 * What has to do with other programs is tried a second time when it fails; what needed that is printed by name.
 */
export async function runVitest(project: string, run: TestRun): Promise<Counts> {
  const report = join(run.directory, '..', `${project}.json`);
  const child = spawn(
    'vitest',
    [
      ...['run', '--project', project, `--retry=${project === 'unit' ? 0 : 1}`],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ],
    {
      env: {
        ...{ ...environment, TMPDIR: run.directory, HEADGATE_TEST_RUN: run.id },
        HEADGATE_THOROUGH: String(run.isThorough),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [code, signal] = await once(child, 'close');
  const { counts, unsteady } = readReport(await readFile(report, 'utf8').catch(() => '{}'));
  for (const name of unsteady) {
    console.log(`  passed only when tried again: ${name}`);
  }
  if (code !== 0 && counts.failed === 0) {
    console.log(`  vitest ended with ${signal ?? `exit code ${code}`}`);
    return { ...counts, failed: 1 };
  }
  return counts;
}
