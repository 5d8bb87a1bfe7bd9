import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { registryConfig } from './node-files.ts';
import { type Command, type RunningProcess, waitUntilReady } from './warden.ts';

export interface RegistryPlace {
  /** Name of the configuration file, the data folder and the log. */
  readonly name: string;
  readonly directory: string;
  /** `host:port` to listen on. */
  readonly address: string;
  start(command: Command): RunningProcess;
}

/** Starts an empty docker-registry (plain http, no users) and waits until it answers. */
export async function startRegistry({ name, directory, address, start }: RegistryPlace): Promise<RunningProcess> {
  const config = join(directory, `${name}.json`);
  await writeFile(config, JSON.stringify(registryConfig(join(directory, name), address)));
  const process = start({ name, program: 'docker-registry', arguments: ['serve', config] });
  await waitUntilReady(process, 20_000, () => answers(`http://${address}/v2/`));
  return process;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await request(url, { headersTimeout: 2000 });
    await response.body.dump();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}
