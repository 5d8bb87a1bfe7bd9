/** The documentation as a site: pages and search, made without network. */
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { docsFolder } from '../../site/navigation.ts';
import { servedFiles } from '../../site/site-links.ts';

const project = fileURLToPath(new URL('../../site/', import.meta.url));
const astro = join(project, 'node_modules/astro/bin/astro.mjs');

/** Where the built site lies. */
export const siteFolder = join(project, 'dist');

/** @throws Error with what Astro says when a page cannot be built */
export async function buildSite(): Promise<void> {
  // Under a test run NODE_ENV is `test`, and Astro would build pages for developers.
  const environment = { ...process.env, NODE_ENV: 'production', ASTRO_TELEMETRY_DISABLED: '1' };
  await promisify(execFile)(process.execPath, [astro, 'build', '--silent'], { cwd: project, env: environment });
  for (const file of servedFiles) {
    await cp(join(docsFolder, file), join(siteFolder, file));
  }
}
