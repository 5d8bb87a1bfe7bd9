/** The lower layer of the product's image: Node, the libraries it loads, certificates and the few files of /etc. */
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { sharedLibraries } from './shared-libraries.ts';
import { stripElf } from './strip-elf.ts';
import type { SystemFiles } from './system/system.ts';

/** The user of the image; 65532 is what distroless images call `nonroot`. */
export const userId = 65532;

/** Makes the layer from the Node of a system, with that system's C library. */
export async function makeRuntimeLayer(system: SystemFiles): Promise<TarEntry[]> {
  const node = stripElf(await readFile(system.node));
  return [
    { kind: 'file', path: 'nodejs/node', content: node, mode: 0o755 },
    ...(await sharedLibraries(system.node, system)),
    // Node's own list of roots, so that the image does not depend on the age of this machine's.
    textFile('etc/ssl/certs/ca-certificates.crt', `${rootCertificates.join('\n')}\n`),
    textFile('etc/passwd', passwd()),
    textFile('etc/group', `root:x:0:\nnonroot:x:${userId}:\n`),
    textFile('etc/nsswitch.conf', 'hosts: files dns\n'),
    { kind: 'folder', path: 'home/nonroot', owner: userId },
    { kind: 'folder', path: 'tmp', mode: 0o1777 },
  ];
}

function passwd(): string {
  return `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${userId}:${userId}:nonroot:/home/nonroot:/sbin/nologin\n`;
}

function textFile(path: string, text: string): TarEntry {
  return { kind: 'file', path, content: Buffer.from(text) };
}
