/** The container image of Headgate, made from this working tree and the Node that runs this, for this machine and for others. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { type Image, makeImage, makeIndex } from '../oci/image.ts';
import { makeBillOfMaterials, makeLicenceList, makeProvenance } from './documents.ts';
import { makeGitLayer } from './git-layer.ts';
import { makePagesLayer } from './pages-layer.ts';
import { copyrightOf } from './parts/debian-parts.ts';
import { goParts } from './parts/go-parts.ts';
import { nodeLicence, nodeParts } from './parts/node-parts.ts';
import { bundledParts, pagesParts } from './parts/npm-parts.ts';
import { type Part, uniqueParts } from './parts/part.ts';
import { bundleProgram, nodeEnvironment, nodeFlags, programPath } from './program-layer.ts';
import { makeRuntimeLayer, userId } from './runtime-layer.ts';
import { foreignSystem } from './system/foreign-system.ts';
import { ownSystem } from './system/own-system.ts';
import type { Architecture, System, SystemFiles } from './system/system.ts';
import { makeToolLayer } from './tool-layer.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the image has its own documents. */
const documentsFolder = 'usr/share/doc/headgate';

/** What all versions share: Node, git, helm, kubectl and the pages. */
export interface BaseLayers {
  readonly architecture: Architecture;
  readonly layers: readonly (readonly TarEntry[])[];
  readonly parts: readonly Part[];
  /** Licence texts by the name of what they are of. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface Product {
  readonly architecture: Architecture;
  readonly image: Image;
  readonly billOfMaterials: string;
  readonly licences: string;
  readonly provenance: string;
}

/** Same sources, same Node, same C library: same digest. There is no creation time in it. */
export async function makeProductImage(entry: string): Promise<Image> {
  return (await makeProduct(entry)).image;
}

export interface ProductOptions {
  /** Absent: the one of this machine. */
  readonly architecture?: Architecture;
  /** Where the sources are, for the statement of provenance; no credentials. */
  readonly source?: string;
}

/** @throws Error when a part for the architecture cannot be had here; compiling those of another one takes minutes the first time */
export async function makeProduct(entry: string, { architecture, source }: ProductOptions = {}): Promise<Product> {
  const { version } = await readAbout();
  const own = await ownSystem();
  const isOwn = architecture === undefined || architecture === own.architecture;
  const system = isOwn ? own : await foreignSystem(architecture, await debianPackagesOf(own));
  const base = await makeBaseLayers(system);
  return await assemble({ base, entry, version, ...(source !== undefined && { source }) });
}

/** One image as it is; of several an index, from which each node takes its own. */
export function joinProducts(products: readonly Product[]): Image {
  const [first, ...others] = products;
  if (first === undefined) {
    throw new Error('join images: there is none');
  }
  return others.length === 0 ? first.image : makeIndex(products.map(({ image }) => image));
}

/** The packages that the image of a system is made of. */
export async function debianPackagesOf(system: SystemFiles): Promise<readonly Part[]> {
  const parts = await system.partsOf(filesOfSystem([await makeRuntimeLayer(system), await makeGitLayer(system)]));
  return parts.filter(({ kind }) => kind === 'deb');
}

/** Paths that the image has from the system and not from us. */
function filesOfSystem(layers: readonly (readonly TarEntry[])[]): readonly string[] {
  return layers
    .flat()
    .map(({ path }) => `/${path}`)
    .filter((path) => /^\/(usr|lib|lib64|bin)\//.test(path) && !path.endsWith('/git-remote-https'));
}

export async function makeBaseLayers(of?: System): Promise<BaseLayers> {
  const system = of ?? (await ownSystem());
  const [runtime, git] = [await makeRuntimeLayer(system), await makeGitLayer(system)];
  const { helm, kubectl } = system.tools;
  const debian = await system.partsOf(filesOfSystem([runtime, git]));
  const texts = await Promise.all(
    debian.map(async ({ name }) => [`Debian package ${name}`, await copyrightOf(name)] as const),
  );
  return {
    architecture: system.architecture,
    layers: [runtime, git, await makeToolLayer(system), await makePagesLayer()],
    parts: [
      ...(await nodeParts(system.node)),
      ...debian,
      ...(await goParts(helm, '/usr/local/bin/helm')),
      ...(await goParts(kubectl, '/usr/local/bin/kubectl')),
      ...(await pagesParts()),
    ],
    texts: new Map([['Node', await nodeLicence(system.node)] as const, ...texts].filter(([, text]) => text !== '')),
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
    platform: { os: 'linux', architecture: base.architecture },
  });
  const origin = { version, entry: relative(root, entry), source, ...(await readRevision()) };
  const provenance = makeProvenance(image.root, parts, { ...origin, lockDigest: await digestOfLock() });
  return { architecture: base.architecture, image, billOfMaterials, licences, provenance };
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
