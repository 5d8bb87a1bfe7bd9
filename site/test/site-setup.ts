import type { TestProject } from 'vitest/node';
import { buildSite, siteFolder } from '../../scripts/site/build-site.ts';
import { serveFolder } from '../../scripts/site/serve-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the built documentation, without a slash at its end. */
    site: string;
  }
}

/** vitest's globalSetup of the level `site`: the documentation, built and served. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildSite();
  const { origin, stop } = await serveFolder(siteFolder, 0);
  project.provide('site', origin);
  return stop;
}
