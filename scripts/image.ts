/**
 * Makes the container image of Headgate without a builder.
 *
 * usage: node scripts/image.ts [--output FOLDER] [--archive FILE] [--push HOST/REPOSITORY:TAG [--insecure]] [--entry FILE]
 *
 * --output   OCI layout folder (crane, skopeo)        --archive  tar file for `ctr --namespace k8s.io images import`
 * --push     to a registry; --insecure: plain http    --entry    src/main.ts when absent
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Image, sizeOf } from './oci/image.ts';
import { writeArchive, writeLayout } from './oci/layout.ts';
import { pushImage } from './oci/push.ts';
import { readTarget } from './oci/push-target.ts';
import { makeProductImage } from './product-image/product-image.ts';

const options = {
  output: { type: 'string' },
  archive: { type: 'string' },
  push: { type: 'string' },
  insecure: { type: 'boolean', default: false },
  entry: { type: 'string', default: fileURLToPath(new URL('../src/main.ts', import.meta.url)) },
} as const;

const { values } = parseArgs({ options });
const name = values.push ?? 'headgate.local/headgate:dev';
const image = await makeProductImage(values.entry);
await deliver(image);
console.log(`${name} ${image.root.digest} ${(sizeOf(image) / 1e6).toFixed(1)} MB`);

async function deliver(made: Image): Promise<void> {
  if (values.output !== undefined) {
    await writeLayout(made, values.output, name);
  }
  if (values.archive !== undefined) {
    await writeArchive(made, values.archive, name);
  }
  if (values.push !== undefined) {
    await pushImage(made, readTarget(values.push, values.insecure));
  }
}
