/**
 * Makes the container image of Headgate without a builder.
 *
 * usage: node scripts/image.ts [--output FOLDER] [--archive FILE] [--push HOST/REPOSITORY:TAG [--insecure]] [--entry FILE]
 *        [--documents FOLDER] [--source URL]
 *
 * --output   OCI layout folder (crane, skopeo)        --archive  tar file for `ctr --namespace k8s.io images import`
 * --push     to a registry; --insecure: plain http    --entry    src/main.ts when absent
 * --documents  where to write the bill of materials (CycloneDX), the licences and the statement of provenance (in-toto, SLSA), which are
 *              attached to the image that is pushed too         --source   where the sources are, for that statement
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeAttachment } from './oci/attach.ts';
import { sizeOf } from './oci/image.ts';
import { writeArchive, writeLayout } from './oci/layout.ts';
import { pushAttachments, pushImage } from './oci/push.ts';
import { readTarget } from './oci/push-target.ts';
import { makeProduct, type Product } from './product-image/product-image.ts';

const options = {
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
const product = await makeProduct(values.entry, values.source);
const { image } = product;
await deliver(product);
console.log(`${name} ${image.root.digest} ${(sizeOf(image) / 1e6).toFixed(1)} MB`);

async function deliver({ image: made, billOfMaterials, licences, provenance }: Product): Promise<void> {
  if (values.output !== undefined) {
    await writeLayout(made, values.output, name);
  }
  if (values.archive !== undefined) {
    await writeArchive(made, values.archive, name);
  }
  if (values.documents !== undefined) {
    await mkdir(values.documents, { recursive: true });
    await writeFile(join(values.documents, 'sbom.cdx.json'), billOfMaterials);
    await writeFile(join(values.documents, 'licences.txt'), licences);
    await writeFile(join(values.documents, 'provenance.intoto.json'), provenance);
  }
  if (values.push !== undefined) {
    const target = readTarget(values.push, values.insecure);
    await pushImage(made, target);
    const attachments = [
      makeAttachment({ mediaType: 'application/vnd.cyclonedx+json', content: billOfMaterials }, made.root),
      makeAttachment({ mediaType: 'application/vnd.in-toto+json', content: provenance }, made.root),
    ];
    await pushAttachments(made.root, attachments, target);
  }
}
