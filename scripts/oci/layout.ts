/** Images on disk: the OCI layout, as a folder or as one tar file. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TarFile, writeTar } from '../../src/adapters/channel/write-tar.ts';
import type { Image } from './image.ts';

/** Writes the layout into a folder, which is made when it is missing; other tools (crane, skopeo) push it as it is. */
export async function writeLayout(image: Image, folder: string, name: string): Promise<void> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  for (const file of layoutFiles(image, name)) {
    await writeFile(join(folder, file.path), file.content);
  }
}

/** Writes the layout as one tar file, which `ctr --namespace k8s.io images import` takes under the given `host/repository:tag`. */
export async function writeArchive(image: Image, file: string, name: string): Promise<void> {
  await writeFile(file, writeTar(layoutFiles(image, name)));
}

function layoutFiles(image: Image, name: string): TarFile[] {
  const annotations = {
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
  };
  const index = { schemaVersion: 2, manifests: [{ ...image.root, annotations }] };
  const blobs = [...image.blobs].map(([digest, content]) => layoutFile(`blobs/${digest.replace(':', '/')}`, content));
  return [
    layoutFile('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    layoutFile('index.json', Buffer.from(JSON.stringify(index))),
    ...blobs,
  ];
}

function layoutFile(path: string, content: Uint8Array): TarFile {
  return { kind: 'file', path, content };
}
