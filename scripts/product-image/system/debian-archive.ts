/** Packages of Debian for another architecture, from the archives that this machine knows, without a trace in its own package database. */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { outputOf, withProgress } from '../../../test/cluster/run-command.ts';
import type { Architecture } from './system.ts';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
}

export interface UnpackedPackage extends DebianPackage {
  /** With the files of the package, as they would be below `/`. */
  readonly folder: string;
}

const minutes = 60_000;

/**
 * Gets packages and unpacks them, each into a folder of its own below `folder`. What is there already is not asked for again.
 *
 * An archive keeps few versions of a package, and one that was only built again (`+b1`) was so for one architecture: where the version is
 * not to be had, the newest is taken.
 *
 * @throws Error with what apt said: no such package, no archive for that architecture, no network
 */
export async function unpackPackages(
  wanted: readonly DebianPackage[],
  architecture: Architecture,
  folder: string,
): Promise<readonly UnpackedPackage[]> {
  const places = wanted.map(({ name, version }) => {
    return { name, version, target: join(folder, `${name}_${encodeURIComponent(version)}`) };
  });
  const isThere = await Promise.all(places.map(({ target }) => exists(target)));
  const missing = places.filter((_, index) => !isThere[index]);
  if (missing.length > 0) {
    await withProgress(`get ${missing.length} packages of Debian for ${architecture}`, async () => {
      await fetchPackages(await openArchive(architecture, join(folder, 'apt')), missing, folder);
    });
  }
  return await Promise.all(
    places.map(async ({ name, target }) => ({ name, version: await versionIn(target), folder: join(target, 'files') })),
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function versionIn(folder: string): Promise<string> {
  return (await outputOf('dpkg-deb', ['--field', join(folder, 'package.deb'), 'Version'])).trim();
}

/** Runs a program of apt in a folder, with lists, cache and package database of its own; gives its output. */
type Apt = (program: 'apt-get' | 'apt-cache', words: readonly string[], directory: string) => Promise<string>;

/** Sources and keys stay those of this machine. A download needs no user of its own: nothing is run, and apt checks what it gets. */
async function openArchive(architecture: Architecture, folder: string): Promise<Apt> {
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  const configuration = [
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    'APT::Sandbox::User "root";',
    `Dir::State "${folder}";`,
    `Dir::State::status "${folder}/status";`,
    `Dir::Cache "${folder}/cache";`,
    '',
  ];
  await writeFile(join(folder, 'apt.conf'), configuration.join('\n'));
  const env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf') };
  const apt: Apt = async (program, words, cwd) =>
    (await promisify(execFile)(program, [...words], { cwd, env, timeout: 5 * minutes })).stdout;
  await apt('apt-get', ['update'], folder);
  return apt;
}

interface Place extends DebianPackage {
  readonly target: string;
}

async function fetchPackages(apt: Apt, places: readonly Place[], folder: string): Promise<void> {
  const work = join(folder, `.${process.pid}`);
  await mkdir(work, { recursive: true });
  try {
    const names = places.map(({ name }) => name);
    const offered = readOffers(await apt('apt-cache', ['madison', ...names], work));
    const chosen = places.map(({ name, version }) => {
      const versions = offered.get(name) ?? [];
      return `${name}=${versions.includes(version) ? version : (versions[0] ?? version)}`;
    });
    // One call: apt reads its lists anew in each.
    await apt('apt-get', ['download', ...chosen], work);
    for (const file of await readdir(work)) {
      await unpackPackage(join(work, file), places);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Package -> versions, newest first. A line of apt is `git | 1:2.39.5-0+deb12u3 | http://... Packages`. */
function readOffers(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = text.split('\n').map((line) => line.split('|').map((field) => field.trim()));
  const byName = Map.groupBy(lines, ([name = '']) => name);
  return new Map([...byName].map(([name, of]) => [name, of.map(([, version = '']) => version)]));
}

async function unpackPackage(file: string, places: readonly Place[]): Promise<void> {
  const name = (await outputOf('dpkg-deb', ['--field', file, 'Package'])).trim();
  const target = places.find((place) => place.name === name)?.target;
  if (target === undefined) {
    throw new Error(`unpack ${file}: nobody asked for ${name}`);
  }
  const work = `${target}.${process.pid}`;
  await mkdir(work, { recursive: true });
  await outputOf('dpkg-deb', ['--extract', file, join(work, 'files')], minutes);
  await rename(file, join(work, 'package.deb'));
  await rename(work, target);
}
