import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Standard output of a short command. Throws when it ends with another code than 0, or after `timeoutMs` (default 10 s). */
export async function outputOf(program: string, argumentList: readonly string[], timeoutMs = 10_000): Promise<string> {
  const { stdout } = await execute(program, [...argumentList], { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

export interface LongCommand {
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Runs a command quietly with a line of progress every ten seconds. Throws with the end of its output when it does not end with 0. */
export async function runLong(label: string, program: string, command: LongCommand): Promise<void> {
  await withProgress(label, () => runQuietly(label, program, command));
}

async function runQuietly(label: string, program: string, command: LongCommand): Promise<void> {
  const child = spawn(program, [...command.arguments], {
    cwd: command.directory,
    env: { ...process.env, ...command.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(command.timeoutMs),
  });
  let tail = '';
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const [code, signal] = await once(child, 'close');
  if (code !== 0) {
    throw new Error(`${label}: ${signal ?? `exit code ${code}`}\n${tail.trimEnd()}`);
  }
}

/** Says on standard output what is done, every ten seconds that it still is, and how long it took. */
export async function withProgress<T>(label: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const elapsed = (): string => `${((performance.now() - start) / 1000).toFixed(0)} s`;
  console.log(`  ${label} ...`);
  const ticker = setInterval(() => console.log(`  ${label}: ${elapsed()}`), 10_000);
  try {
    const result = await work();
    console.log(`  ${label}: done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(ticker);
  }
}
