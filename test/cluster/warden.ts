/**
 * Processes that cannot outlive their owner.
 *
 * Each test fixture hires a warden: a small shell process in a session of its own that holds the reading end of a pipe. The kernel closes
 * the writing end when the owner ends, also by SIGKILL or a crash, and the warden then ends what is left and removes the folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait-until.ts';

const script = fileURLToPath(new URL('warden.sh', import.meta.url));

export interface Command {
  /** Names the log file `log/<name>.log`; a second process of the same name appends to it. */
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly logPath: string;
  /** What ended the process (`exit code 1`, `signal SIGKILL`); undefined while it runs. */
  readonly ending: string | undefined;
  /** Sends the signal and waits; after `patienceMs` (default 20 s) SIGKILL follows. Returns at once when it has ended already. */
  stop(signal?: 'SIGTERM' | 'SIGKILL', patienceMs?: number): Promise<void>;
}

export interface Warden {
  /** State folder of the fixture; removed with everything in it when the warden is dismissed or its owner ends. */
  readonly directory: string;
  /** Starts a process in the state folder. It is known to the warden before its first instruction. */
  start(command: Command): RunningProcess;
  /** Makes the warden answer for a process that another one started. */
  adopt(pid: number): void;
  /** Ends every process by SIGKILL, removes the folder, and returns when that is done. */
  dismiss(): Promise<void>;
}

export interface WardenOptions {
  /** Created when missing; default: a fresh folder in the system's temporary folder. */
  readonly directory?: string;
  /** Name of control groups directly below each hierarchy's root that are removed at the end. */
  readonly cgroup?: string;
}

/** Hires the warden of one fixture. Throws when the shell cannot be started. */
export async function hireWarden(options: WardenOptions = {}): Promise<Warden> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'headgate-')));
  mkdirSync(join(directory, 'log'), { recursive: true });
  const keeper = spawn('/bin/sh', [script, directory, options.cgroup ?? ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  await once(keeper, 'spawn');
  keeper.unref();
  const { stdin } = keeper;
  // The warden ends only after its input; an error here is the consequence of an end that stop() already reports.
  stdin.on('error', () => undefined);
  let dismissal: Promise<void> | undefined;
  return {
    directory,
    start: (command) => startProcess(directory, stdin, command),
    adopt(pid) {
      stdin.write(`${pid}\n`);
    },
    dismiss() {
      dismissal ??= dismiss(keeper, stdin);
      return dismissal;
    },
  };
}

async function dismiss(keeper: ChildProcess, stdin: Writable): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) {
    return;
  }
  const ended = once(keeper, 'exit');
  keeper.ref();
  stdin.end();
  await ended;
}

/** The shell writes its own id to the warden's pipe and becomes the program, so that no moment exists in which the owner could die unnoticed. */
const announceThenBecome = 'echo $$ >&3; exec 3>&-; exec "$@"';

function startProcess(directory: string, warden: Writable, command: Command): RunningProcess {
  const logPath = join(directory, 'log', `${command.name}.log`);
  const log = openSync(logPath, 'a');
  const child = spawn('/bin/sh', ['-c', announceThenBecome, 'sh', command.program, ...command.arguments], {
    cwd: directory,
    detached: true,
    env: { ...process.env, ...command.environment },
    stdio: ['ignore', log, log, warden],
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    throw new Error(`start ${command.name}: the shell could not be started`);
  }
  child.unref();
  child.once('exit', () => {
    if (warden.writable) {
      warden.write(`-${pid}\n`);
    }
  });
  return {
    name: command.name,
    pid,
    logPath,
    get ending() {
      return endingOf(child);
    },
    stop: (signal = 'SIGTERM', patienceMs = 20_000) => stopProcess(child, signal, patienceMs),
  };
}

function endingOf(child: ChildProcess): string | undefined {
  if (child.signalCode !== null) {
    return `signal ${child.signalCode}`;
  }
  return child.exitCode === null ? undefined : `exit code ${child.exitCode}`;
}

async function stopProcess(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL', patienceMs: number): Promise<void> {
  if (endingOf(child) !== undefined) {
    return;
  }
  const ended = once(child, 'exit');
  child.ref();
  child.kill(signal);
  const impatience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(impatience);
}

/**
 * Waits until `check` says true while the process runs. Throws with the end of its log when it ends before, or when the time is over.
 */
export async function waitUntilReady(
  process: RunningProcess,
  timeoutMs: number,
  check: () => Promise<boolean>,
): Promise<void> {
  try {
    await waitUntil(`${process.name} is ready`, timeoutMs, async () => {
      if (process.ending !== undefined) {
        throw new Error(`${process.name} ended with ${process.ending}`);
      }
      return await check();
    });
  } catch (error) {
    throw new Error(`start ${process.name}: ${String(error)}\n${await tailOf(process.logPath)}`, { cause: error });
  }
}

async function tailOf(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).trimEnd().split('\n');
  return lines.slice(-15).join('\n');
}
