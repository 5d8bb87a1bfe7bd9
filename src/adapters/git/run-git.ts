/**
 * The one way to run the git program: with nothing of the machine's configuration, no hooks, no prompts, no credentials in
 * arguments, and with bounds of time, output, file size and memory.
 */
import { spawn } from 'node:child_process';
import { describeGitFailure, type GitEnding, gitError } from './git-failure.ts';
import type { GitAnswer, GitProgram, GitRun } from './git-run.ts';
import { prepareSurroundings, type Surroundings } from './surroundings.ts';

const defaultTimeoutMs = 30_000;
const defaultMaxOutputBytes = 1_048_576;
const maxErrorBytes = 65_536;
const defaultMaxFileBytes = 512 * 2 ** 20;
const defaultMaxMemoryBytes = 2 * 2 ** 30;

/** A limit that is lower already stays. Units: blocks of 512 bytes, KiB. */
const limitThenBecome = 'ulimit -f "$1" 2>/dev/null; ulimit -v "$2" 2>/dev/null; shift 2; exec "$@"';

/**
 * Runs git once.
 *
 * @throws GIT_UNREACHABLE, GIT_DENIED, GIT_NOT_FOUND, GIT_UNUSABLE; the reason of the signal when the caller aborts
 */
export async function runGit(program: GitProgram, run: GitRun, signal: AbortSignal): Promise<GitAnswer> {
  signal.throwIfAborted();
  const surroundings = await prepareSurroundings(program, run, signal);
  try {
    const ending = await execute(program, run, { surroundings, signal });
    signal.throwIfAborted();
    if (ending.kind === 'Exited' && (run.answers ?? [0]).includes(ending.code)) {
      return { code: ending.code, output: ending.output, errors: ending.errors };
    }
    throw describeGitFailure(run, ending);
  } finally {
    await surroundings.remove();
  }
}

interface Setting {
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
}

function execute(program: GitProgram, run: GitRun, { surroundings, signal }: Setting): Promise<GitEnding> {
  const { promise, resolve, reject } = Promise.withResolvers<GitEnding>();
  const child = spawn('/bin/sh', ['-c', limitThenBecome, 'sh', ...limitsOf(program), 'git', ...run.arguments], {
    cwd: run.directory ?? program.privateFolder,
    env: surroundings.environment,
    // A group of its own: the helpers of git for https and ssh end with it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = new BoundedOutput(run.maxOutputBytes ?? defaultMaxOutputBytes);
  let early: GitEnding | undefined;
  const end = (ending: GitEnding) => {
    early ??= ending;
    killGroup(child.pid);
  };
  const timeoutMs = run.timeoutMs ?? defaultTimeoutMs;
  const timer = setTimeout(() => end({ kind: 'TooSlow', timeoutMs }), timeoutMs);
  const onAbort = () => end({ kind: 'Aborted' });
  signal.addEventListener('abort', onAbort, { once: true });
  const errors = new BoundedOutput(maxErrorBytes);
  child.stdout.on('data', (chunk: Buffer) => {
    if (!output.add(chunk)) {
      end({ kind: 'TooMuchOutput', maxBytes: output.maxBytes });
    }
  });
  child.stderr.on('data', (chunk: Buffer) => void errors.add(chunk));
  // A program that ends before it has read all its input says why by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(run.input ?? '');
  child.once('error', (error) => reject(gitError(run, 'GIT_UNUSABLE', `start git: ${error.message}`)));
  child.once('close', (code, killedBy) => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    // What git left running in its group, for example an ssh that waits, has nobody to talk to any more.
    killGroup(child.pid);
    resolve(early ?? { kind: 'Exited', code: code ?? -1, killedBy, output: output.bytes(), errors: errors.bytes() });
  });
  return promise;
}

function limitsOf({ maxFileBytes, maxMemoryBytes }: GitProgram): readonly string[] {
  const blocks = Math.ceil((maxFileBytes ?? defaultMaxFileBytes) / 512);
  return [String(blocks), String(Math.ceil((maxMemoryBytes ?? defaultMaxMemoryBytes) / 1_024))];
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) {
      process.kill(-pid, 'SIGKILL');
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) {
      throw error;
    }
  }
}

class BoundedOutput {
  readonly maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** False when it is too much; then the chunk is dropped. */
  add(chunk: Buffer): boolean {
    if (this.#size + chunk.length > this.maxBytes) {
      return false;
    }
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    return true;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
