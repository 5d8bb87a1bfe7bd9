/** go-containerregistry's registry (`crane registry serve`) in memory on a free port of 127.0.0.1: one that has the referrers API. */
import { request } from 'undici';
import { locateTools } from '../cluster/binaries.ts';
import { freePort } from '../cluster/ports.ts';
import { hireWarden, waitUntilReady } from '../cluster/warden.ts';

export interface CraneRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  stop(): Promise<void>;
}

/** Starts it and waits until it answers. Nothing of it outlives the test run. */
export async function startCraneRegistry(): Promise<CraneRegistry> {
  const { crane } = await locateTools(['crane']);
  const warden = await hireWarden();
  try {
    const host = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const process = warden.start({
      name: 'crane',
      program: crane,
      arguments: ['registry', 'serve', '--address', host],
    });
    await waitUntilReady(process, 20_000, () => answers(host));
    return { host, stop: () => warden.dismiss() };
  } catch (error) {
    await warden.dismiss();
    throw error;
  }
}

async function answers(host: string): Promise<boolean> {
  try {
    const response = await request(`http://${host}/v2/`, { headersTimeout: 2_000 });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}
