/** The web UI as it is shipped. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url));

/**
 * Builds the pages into a folder, which is emptied before. Same sources, same files.
 *
 * In a process of its own: within a test run React would be taken for one under test, and be twice as large.
 *
 * @throws Error with the compiler's messages
 */
export async function buildPages(folder: string): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', 'ui', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'],
    { cwd: repositoryRoot, env: { ...process.env, NODE_ENV: 'production' } },
  );
}
