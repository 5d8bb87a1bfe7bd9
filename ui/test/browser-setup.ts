import type { TestProject } from 'vitest/node';
import { buildPages } from '../../scripts/product-image/build-pages.ts';
import { setup as setUpServer } from '../../test/server-setup.ts';

/** vitest's globalSetup of the level `browser`: the pages as they are shipped, and a control plane. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [stop] = await Promise.all([setUpServer(project), buildPages('dist')]);
  return stop;
}
