/** The container image of Headgate, made from this working tree and the Node that runs this. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { locateTools } from '../../test/cluster/binaries.ts';
import { type Image, makeImage } from '../oci/image.ts';
import { makeBillOfMaterials, makeLicenceList, makeProvenance } from './documents.ts';
import { makeGitLayer } from './git-layer.ts';
import { makePagesLayer } from './pages-layer.ts';
import { copyrightOf, debianParts } from './parts/debian-parts.ts';
import { goParts } from './parts/go-parts.ts';
import { nodeLicence, nodeParts } from './parts/node-parts.ts';
import { bundledParts, pagesParts } from './parts/npm-parts.ts';
import { type Part, uniqueParts } from './parts/part.ts';
import { bundleProgram, nodeEnvironment, nodeFlags, programPath } from './program-layer.ts';
import { makeRuntimeLayer, userId } from './runtime-layer.ts';
import { makeToolLayer } from './tool-layer.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the image has its own documents. */
const documentsFolder = 'usr/share/doc/headgate';

/** What all versions share: Node, git, helm, kubectl and the pages. */
export interface BaseLayers {
  readonly layers: readonly (readonly TarEntry[])[];
  readonly parts: readonly Part[];
  /** Licence texts by the name of what they are of. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface Product {
  readonly image: Image;
  readonly billOfMaterials: string;
  readonly licences: string;
  readonly provenance: string;
}

/** Same sources, same Node, same C library: same digest. There is no creation time in it. */
export async function makeProductImage(entry: string): Promise<Image> {
  return (await makeProduct(entry)).image;
}

/** @param source where the sources are, for the statement of provenance; no credentials */
export async function makeProduct(entry: string, source = 'headgate'): Promise<Product> {
  const { version } = await readAbout();
  return await assemble({ base: await makeBaseLayers(), entry, version, source });
}

export async function makeBaseLayers(): Promise<BaseLayers> {
  const [runtime, git] = [await makeRuntimeLayer(), await makeGitLayer()];
  const { helm, kubectl } = await locateTools(['helm', 'kubectl']);
  const ofMachine = [...runtime, ...git]
    .map(({ path }) => `/${path}`)
    .filter((path) => /^\/(usr|lib|lib64|bin)\//.test(path) && !path.endsWith('/git-remote-https'));
  const debian = await debianParts(ofMachine);
  const texts = await Promise.all(
    debian.map(async ({ name }) => [`Debian package ${name}`, await copyrightOf(name)] as const),
  );
  return {
    layers: [runtime, git, await makeToolLayer(), await makePagesLayer()],
    parts: [
      ...(await nodeParts()),
      ...debian,
      ...(await goParts(helm, '/usr/local/bin/helm')),
      ...(await goParts(kubectl, '/usr/local/bin/kubectl')),
      ...(await pagesParts()),
    ],
    texts: new Map([['Node', await nodeLicence()] as const, ...texts].filter(([, text]) => text !== '')),
  };
}

interface Assembly {
  readonly base: BaseLayers;
  readonly entry: string;
  readonly version: string;
  readonly source?: string;
}

/** The image of one version on top of the base. */
export async function assembleImage(assembly: Assembly): Promise<Image> {
  return (await assemble(assembly)).image;
}

async function assemble({ base, entry, version, source = 'headgate' }: Assembly): Promise<Product> {
  const about = await readAbout();
  const program = await bundleProgram(entry);
  const parts = uniqueParts([...base.parts, ...(await bundledParts(program.inputs))]);
  const billOfMaterials = makeBillOfMaterials(version, parts);
  const licences = makeLicenceList(parts, base.texts);
  const documents: TarEntry[] = [
    { kind: 'file', path: `${documentsFolder}/sbom.cdx.json`, content: Buffer.from(billOfMaterials) },
    { kind: 'file', path: `${documentsFolder}/licences.txt`, content: Buffer.from(licences) },
  ];
  const image = makeImage({
    layers: [...base.layers, [...program.entries, ...documents]],
    config: configOf(about, version),
    platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
  });
  const origin = { version, entry: relative(root, entry), source, ...(await readRevision()) };
  const provenance = makeProvenance(image.root, parts, { ...origin, lockDigest: await digestOfLock() });
  return { image, billOfMaterials, licences, provenance };
}

interface About {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

async function readAbout(): Promise<About> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as About;
}

function configOf(about: About, version: string) {
  return {
    Entrypoint: ['/nodejs/node', ...nodeFlags, programPath],
    Env: [
      'PATH=/nodejs:/usr/local/bin:/usr/bin:/bin',
      'HOME=/home/nonroot',
      'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
      ...Object.entries(nodeEnvironment).map(([name, value]) => `${name}=${value}`),
    ],
    User: `${userId}:${userId}`,
    WorkingDir: '/home/nonroot',
    Labels: {
      'org.opencontainers.image.title': 'headgate',
      'org.opencontainers.image.description': about.description,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': about.license,
    },
  };
}

async function digestOfLock(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(new URL('../../package-lock.json', import.meta.url)))
    .digest('hex');
}

/** Of the sources, where git knows them. It is in the statement alone: the image is the same whatever the commit is called. */
async function readRevision(): Promise<{ readonly revision?: string; readonly modified: boolean }> {
  const git = async (...words: string[]) => (await promisify(execFile)('git', ['-C', root, ...words])).stdout.trim();
  try {
    return { revision: await git('rev-parse', 'HEAD'), modified: (await git('status', '--porcelain')) !== '' };
  } catch {
    return { modified: true };
  }
}
