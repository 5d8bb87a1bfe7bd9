/**
 * Another architecture as the place where an image's programs come from: what this machine would give, from where it can be had for the
 * other one. Node is the npm package of the same version, git and ssh with their libraries are the same packages of Debian, helm and
 * kubectl are compiled.
 */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../../test/cluster/binaries.ts';
import { debianPart } from '../parts/debian-parts.ts';
import type { Part } from '../parts/part.ts';
import { compileTools } from './compile-tools.ts';
import { type DebianPackage, type UnpackedPackage, unpackPackages } from './debian-archive.ts';
import { nodeFromNpm } from './node-from-npm.ts';
import { readElf } from './read-elf.ts';
import type { Architecture, System, SystemFiles } from './system.ts';

/** What GNU calls the architecture; Debian has its libraries in folders of that name. */
const triplets: Readonly<Record<Architecture, string>> = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/**
 * @param packages the packages of this machine's own image; those of the other architecture have the same names
 * @throws Error where a part cannot be had: no Debian, no archive of the architecture, no Node of this version, no Go
 */
export async function foreignSystem(architecture: Architecture, packages: readonly DebianPackage[]): Promise<System> {
  const files = await foreignFiles(architecture, packages);
  return { ...files, tools: await compileTools(architecture) };
}

/** All of it but helm and kubectl, which take minutes to compile. */
export async function foreignFiles(
  architecture: Architecture,
  packages: readonly DebianPackage[],
): Promise<SystemFiles> {
  const cache = join(cacheFolder(), `image-${architecture}`);
  const node = await nodeFromNpm(architecture, cache);
  const unpacked = await unpackPackages(packages, architecture, join(cache, 'debian'));
  const fileOf = async (path: string) => (await ownerOf(path, unpacked)).file;
  return {
    architecture,
    node,
    fileOf,
    librariesOf: (program) => loadedLibraries(program, triplets[architecture], unpacked),
    partsOf: async (paths) => {
      const parts = paths.map(async (path): Promise<Part> => {
        const { owner } = await ownerOf(path, unpacked);
        return await debianPart({ name: owner.name, version: owner.version, architecture, usedBy: path });
      });
      return [...new Map((await Promise.all(parts)).map((part) => [part.purl, part])).values()];
    },
  };
}

interface Found {
  readonly owner: UnpackedPackage;
  readonly file: string;
}

async function ownerOf(path: string, packages: readonly UnpackedPackage[]): Promise<Found> {
  const found = await findFile([path], packages);
  if (found === undefined) {
    throw new Error(`find ${path}: in none of the packages ${packages.map(({ name }) => name).join(', ')}`);
  }
  return found;
}

/** Packages name libraries with or without /usr; in the image they are where they are named. */
async function findFile(
  paths: readonly string[],
  packages: readonly UnpackedPackage[],
): Promise<(Found & { readonly path: string }) | undefined> {
  for (const path of paths) {
    for (const owner of packages) {
      const file = join(owner.folder, path);
      if (
        await access(file).then(
          () => true,
          () => false,
        )
      ) {
        return { owner, file, path };
      }
    }
  }
  return undefined;
}

/** As the dynamic linker does it with no configuration, ld.so(8). */
async function loadedLibraries(
  program: string,
  triplet: string,
  packages: readonly UnpackedPackage[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const open = [program];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const { interpreter, needed } = readElf(await readFile(file));
    const wanted = [
      ...(interpreter === undefined ? [] : [[interpreter]]),
      // The C library needs the linker that has loaded it.
      ...needed.filter((name) => !name.startsWith('ld-linux')).map((name) => placesOf(name, triplet)),
    ];
    for (const places of wanted) {
      const library = await findFile(places, packages);
      if (library === undefined) {
        throw new Error(`find the libraries of ${program}: ${places[0]} is in none of the packages`);
      }
      if (!found.has(library.path)) {
        found.add(library.path);
        open.push(library.file);
      }
    }
  }
  return [...found].toSorted();
}

function placesOf(library: string, triplet: string): readonly string[] {
  return [`/lib/${triplet}`, `/usr/lib/${triplet}`, '/lib', '/usr/lib'].map((folder) => `${folder}/${library}`);
}
