/**
 * Makes the container image of Headgate without a builder.
 *
 * usage: node scripts/image.ts [--platform linux/amd64,linux/arm64] [--output FOLDER] [--archive FILE]
 *        [--push HOST/REPOSITORY:TAG [--insecure]] [--entry FILE] [--documents FOLDER] [--source URL]
 *
 * --platform the one of this machine when absent; of several an index is made. Parts for another machine come from npm, from Debian's
 *            archives and from Go modules, which are compiled: minutes the first time
 * --output   OCI layout folder (crane, skopeo)        --archive  tar file for `ctr --namespace k8s.io images import`
 * --push     to a registry; --insecure: plain http    --entry    src/main.ts when absent
 * --documents  where to write the bill of materials (CycloneDX), the licences and the statement of provenance (in-toto, SLSA), which are
 *              attached to the image that is pushed too; of several images each in a folder of its platform
 * --source   where the sources are, for that statement
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeAttachment } from './oci/attach.ts';
import { type Image, sizeOf } from './oci/image.ts';
import { writeArchive, writeLayout } from './oci/layout.ts';
import { pushAttachments, pushImage } from './oci/push.ts';
import { readTarget } from './oci/push-target.ts';
import { joinProducts, makeProduct, type Product } from './product-image/product-image.ts';
import { readPlatforms } from './product-image/system/system.ts';

const options = {
  platform: { type: 'string' },
  output: { type: 'string' },
  archive: { type: 'string' },
  push: { type: 'string' },
  insecure: { type: 'boolean', default: false },
  entry: { type: 'string', default: fileURLToPath(new URL('../src/main.ts', import.meta.url)) },
  documents: { type: 'string' },
  source: { type: 'string', default: 'headgate' },
} as const;

const { values } = parseArgs({ options });
const name = values.push ?? 'headgate.local/headgate:dev';
const products = await makeProducts();
const joined = joinProducts(products);
await deliver(joined);
await deliverDocuments();
if (products.length > 1) {
  for (const { architecture, image } of products) {
    console.log(describe(`linux/${architecture}`, image));
  }
}
console.log(describe(name, joined));

function describe(what: string, image: Image): string {
  return `${what} ${image.root.digest} ${(sizeOf(image) / 1e6).toFixed(1)} MB`;
}

async function makeProducts(): Promise<readonly Product[]> {
  const { source } = values;
  if (values.platform === undefined) {
    return [await makeProduct(values.entry, { source })];
  }
  const made: Product[] = [];
  for (const architecture of readPlatforms(values.platform)) {
    made.push(await makeProduct(values.entry, { source, architecture }));
  }
  return made;
}

async function deliver(image: Image): Promise<void> {
  if (values.output !== undefined) {
    await writeLayout(image, values.output, name);
  }
  if (values.archive !== undefined) {
    await writeArchive(image, values.archive, name);
  }
  if (values.push !== undefined) {
    await pushImage(image, readTarget(values.push, values.insecure));
  }
}

async function deliverDocuments(): Promise<void> {
  for (const product of products) {
    if (values.documents !== undefined) {
      const folder = products.length === 1 ? '' : `linux-${product.architecture}`;
      await writeDocuments(product, join(values.documents, folder));
    }
    if (values.push !== undefined) {
      const { image, billOfMaterials, provenance } = product;
      const attachments = [
        makeAttachment({ mediaType: 'application/vnd.cyclonedx+json', content: billOfMaterials }, image.root),
        makeAttachment({ mediaType: 'application/vnd.in-toto+json', content: provenance }, image.root),
      ];
      await pushAttachments(image.root, attachments, readTarget(values.push, values.insecure));
    }
  }
}

async function writeDocuments({ billOfMaterials, licences, provenance }: Product, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'sbom.cdx.json'), billOfMaterials);
  await writeFile(join(folder, 'licences.txt'), licences);
  await writeFile(join(folder, 'provenance.intoto.json'), provenance);
}
