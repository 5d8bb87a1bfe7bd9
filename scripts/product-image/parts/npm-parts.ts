/** The npm packages of the bundle and of the pages, as the lock file pins them. */
import { readFile } from 'node:fs/promises';
import type { Part } from './part.ts';

const lockFile = new URL('../../../package-lock.json', import.meta.url);

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly link?: boolean;
}

type Lock = ReadonlyMap<string, LockedPackage>;

async function readLock(): Promise<Lock> {
  const { packages }: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
    await readFile(lockFile, 'utf8'),
  );
  return new Map(Object.entries(packages));
}

/**
 * The packages of bundled files.
 *
 * @param inputs paths from the root of the repository, as the bundler names them
 */
export async function bundledParts(inputs: readonly string[]): Promise<readonly Part[]> {
  const lock = await readLock();
  const folders = inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)].map((folder) => toPart(folder, lock.get(folder), '/app/headgate.mjs'));
}

/** Of the workspace `ui`: builds the pages or describes types, and is not in them. */
const buildsPages = /^(@types\/|@vitejs\/|vite$)/;

/** Whatever the pages may import: what the workspace `ui` names, and what that needs. */
export async function pagesParts(): Promise<readonly Part[]> {
  const lock = await readLock();
  const found = new Set<string>();
  const visit = (from: string, name: string) => {
    const place = resolve(lock, from, name);
    if (place !== undefined && !found.has(place)) {
      found.add(place);
      const { dependencies, peerDependencies } = lock.get(place) ?? {};
      for (const next of Object.keys({ ...dependencies, ...peerDependencies })) {
        visit(place, next);
      }
    }
  };
  const { dependencies: named, devDependencies } = lock.get('ui') ?? {};
  for (const name of Object.keys({ ...named, ...devDependencies }).filter((one) => !buildsPages.test(one))) {
    visit('ui', name);
  }
  return [...found].map((place) => toPart(place, lock.get(place), '/app/ui'));
}

/** As Node looks: in the package's own folder, then upwards. */
function resolve(lock: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (lock.has(place)) {
      return place;
    }
    if (folder === '') {
      return undefined;
    }
  }
}

function toPart(folder: string, locked: LockedPackage | undefined, usedBy: string): Part {
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (locked?.version === undefined) {
    throw new Error(`list the parts of the image: package-lock.json has no ${folder}`);
  }
  const sha512 = /^sha512-(.+)$/.exec(locked.integrity ?? '')?.[1];
  return {
    kind: 'npm',
    name,
    version: locked.version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${locked.version}`,
    licences: locked.license === undefined ? [] : [locked.license],
    ...(sha512 !== undefined && { hash: { alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') } }),
    usedBy,
  };
}
