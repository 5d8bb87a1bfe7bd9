/** The real cosign, kept from the network: it signs without a log, and verifies with what it is given. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { locateTools } from '../cluster/binaries.ts';

export interface Cosign {
  /** Rejects with what cosign says. */
  run(...words: readonly string[]): Promise<string>;
  /** `accepted`, or what cosign says against it. */
  judge(...words: readonly string[]): Promise<string>;
  /** The path of a new file. */
  file(name: string, content: string): Promise<string>;
  /** Imports a key (PEM, PKCS #8) for signing; its path. */
  importKey(name: string, pem: string): Promise<string>;
  close(): Promise<void>;
}

export const signWithoutLog = ['--yes', '--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry'];
export const oldLayout = '--new-bundle-format=false';

const execute = promisify(execFile);
const timeoutMs = 30_000;

export async function openCosign(): Promise<Cosign> {
  const { cosign } = await locateTools(['cosign']);
  const directory = await mkdtemp(join(tmpdir(), 'headgate-cosign-'));
  // A proxy that nobody listens at: whatever it would ask of the world fails at once.
  const nowhere = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' };
  const env = { PATH: process.env['PATH'], HOME: directory, COSIGN_PASSWORD: '', ...nowhere };
  const run = async (...words: readonly string[]) => {
    const { stdout } = await execute(cosign, words, { cwd: directory, env, timeout: timeoutMs });
    return stdout;
  };
  const file = async (name: string, content: string) => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  return {
    run,
    file,
    async judge(...words) {
      try {
        await run(...words);
        return 'accepted';
      } catch (error) {
        return error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
      }
    },
    async importKey(name, pem) {
      const path = await file(`${name}.pem`, pem);
      await run('import-key-pair', '--key', path, '--output-key-prefix', join(directory, name));
      return join(directory, `${name}.key`);
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
