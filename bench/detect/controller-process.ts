/** `headgate controller` as the image runs it, in a process of its own, so that memory and CPU time are its own. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { makeProgramLayer, nodeEnvironment, nodeFlags } from '../../scripts/product-image/program-layer.ts';
import { freePort } from '../../test/cluster/ports.ts';
import { type RunningProcess, type Warden, waitUntilReady } from '../../test/cluster/warden.ts';

export interface ControllerProcess {
  readonly startedAt: number;
  /** From the start until `/readyz` said yes. */
  readonly readyMs: number;
  readonly webhooks: string;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

export interface Usage {
  /** User and system time since the start. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly highestRssBytes: number;
}

export interface ControllerPlace {
  /** All when absent. */
  readonly namespace?: string;
  readonly kubeconfig: string;
  /** Further arguments. */
  readonly more?: readonly string[];
}

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ticksPerSecond = 100;

export async function startController(
  warden: Warden,
  { namespace, kubeconfig, more = [] }: ControllerPlace,
): Promise<ControllerProcess> {
  const program = await bundle(warden);
  const [listen, webhooks] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const startedAt = performance.now();
  const process = warden.start({
    name: namespace ?? 'controller',
    program: globalThis.process.execPath,
    environment: nodeEnvironment,
    arguments: [
      ...[
        ...nodeFlags,
        program,
        'controller',
        '--no-leader-election',
        '--kubeconfig',
        kubeconfig,
        ...(namespace === undefined ? [] : ['-n', namespace]),
        '--log-level',
        'warn',
      ],
      ...['--listen', `127.0.0.1:${listen}`, '--webhook-listen', `127.0.0.1:${webhooks}`, '--allow-unsigned-webhooks'],
      ...more,
    ],
  });
  await waitUntilReady(process, 60_000, () => answers(`http://127.0.0.1:${listen}/readyz`));
  return {
    startedAt,
    readyMs: performance.now() - startedAt,
    webhooks: `http://127.0.0.1:${webhooks}`,
    usage: () => readUsage(process),
    stop: () => process.stop(),
  };
}

/** The program in one file, as it is in the image. */
async function bundle({ directory }: Warden): Promise<string> {
  const [file] = await makeProgramLayer(entry);
  const path = join(directory, 'headgate.mjs');
  await writeFile(path, file?.kind === 'file' ? file.content : '');
  return path;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await request(url, { headersTimeout: 2_000 });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

/** proc(5): fields 14 and 15 of `stat`, counted behind the name in brackets; `VmRSS` and `VmHWM` of `status`. */
async function readUsage({ pid }: RunningProcess): Promise<Usage> {
  const read = (name: string) => readFile(join('/proc', String(pid), name), 'utf8');
  const [stat, status] = await Promise.all([read('stat'), read('status')]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+([0-9]+) kB`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond,
    rssBytes: kibibytes('VmRSS') * 1_024,
    highestRssBytes: kibibytes('VmHWM') * 1_024,
  };
}
