/** Versions of Headgate itself: one working tree, images that differ in what they do and in what they are called. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pushImage } from '../../scripts/oci/push.ts';
import { assembleImage, type BaseLayers, makeBaseLayers } from '../../scripts/product-image/product-image.ts';
import type { Stage } from './stage.ts';

/** `crash`: ends as soon as it is started. `die`: works for a few seconds, and is ready meanwhile. */
export type OwnBehaviour = 'good' | 'crash' | 'die';

const source = fileURLToPath(new URL('../../src', import.meta.url));

const programs: Readonly<Record<OwnBehaviour, string>> = {
  good: `import '${source}/main.ts';`,
  crash: `throw new Error('this version cannot start');`,
  // What is imported first runs first: main awaits its own end.
  die: `import './fuse.ts';\nimport '${source}/main.ts';`,
};

const fuse = `setTimeout(() => { throw new Error('this version dies'); }, 8_000);`;

/** Made once for all stories of a run: it takes much longer than all the rest. */
let base: Promise<BaseLayers> | undefined;

/** Pushes images into the repository `headgate` of the story. Only the program is made anew for each. */
export async function headgateImages(stage: Stage): Promise<{
  push(version: string, options: { readonly behaviour: OwnBehaviour }): Promise<string>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-own-'));
  stage.atEnd(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'fuse.ts'), fuse);
  base ??= makeBaseLayers();
  const layers = await base;
  const [host = '', ...path] = stage.repository('headgate').split('/');
  return {
    async push(version, { behaviour }) {
      const entry = join(folder, `${behaviour}.ts`);
      await writeFile(entry, programs[behaviour]);
      const image = await assembleImage({ base: layers, entry, version });
      return await pushImage(image, { host, repository: path.join('/'), tag: version, insecure: true });
    },
  };
}
