/** Runs a program that is given files of somebody else: without our environment, bounded in time and output. */
import { spawn } from 'node:child_process';
import { OperationError } from '../../core/errors.ts';

export interface ProgramRun {
  /** For messages: `build kustomization deploy`. */
  readonly what: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly directory: string;
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly input?: Buffer;
}

const longestMs = 60_000;
const largestOutputBytes = 64 * 2 ** 20;
const largestComplaintBytes = 4_096;

/** @throws MANIFEST_INVALID with the program's own words when it refuses; CONFIG_INVALID when it cannot be run */
export function runProgram(run: ProgramRun, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
  const child = spawn(run.program, run.arguments, {
    cwd: run.directory,
    env: run.environment,
    stdio: 'pipe',
    signal: limit,
    killSignal: 'SIGKILL',
  });
  const output: Buffer[] = [];
  let complaint = '';
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    output.push(chunk);
    if (size > largestOutputBytes) {
      child.kill('SIGKILL');
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('utf8')}`.slice(0, largestComplaintBytes);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(run.input);
  child.on('error', (error) => reject(signal.aborted ? signal.reason : cannotRun(run, error)));
  child.on('close', (code) => {
    if (code === 0 && size <= largestOutputBytes) {
      resolve(Buffer.concat(output));
    } else {
      reject(
        refusal(run, size > largestOutputBytes ? `more than ${largestOutputBytes} bytes came of it` : complaint.trim()),
      );
    }
  });
  return promise;
}

function cannotRun({ what, program }: ProgramRun, error: Error): OperationError {
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') {
    return refusal({ what }, `it took longer than ${longestMs / 1_000} s`);
  }
  return new OperationError(`${what}: ${program} cannot be run: ${code ?? error.message}`, {
    code: 'CONFIG_INVALID',
    retry: 'backoff',
    context: { program },
  });
}

function refusal({ what }: { readonly what: string }, words: string): OperationError {
  return new OperationError(`${what}: ${words === '' ? 'refused without a word' : words}`, {
    code: 'MANIFEST_INVALID',
    retry: 'never',
    context: { what },
  });
}
