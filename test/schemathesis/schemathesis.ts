/** The API fuzzer schemathesis (Python), pinned, in a virtual environment of its own in the cache. */

import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../cluster/binaries.ts';
import { runLong } from '../cluster/run-command.ts';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const installTimeoutMs = 600_000;

/** Path of the program; installs it at first. */
export async function locateSchemathesis(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheFolder(), `schemathesis-${hash}`);
  const done = join(folder, 'installed');
  const isInstalled = await access(done).then(
    () => true,
    () => false,
  );
  if (!isInstalled) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const common = { directory: folder, timeoutMs: installTimeoutMs };
    await runLong('make a virtual environment', 'python3', { ...common, arguments: ['-m', 'venv', folder] });
    await runLong('install schemathesis', join(folder, 'bin', 'pip'), {
      ...common,
      arguments: ['install', '--quiet', '--no-deps', '--no-compile', '--requirement', requirements],
    });
    await writeFile(done, '');
  }
  return join(folder, 'bin', 'schemathesis');
}
