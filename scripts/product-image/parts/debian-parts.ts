/** The Debian packages that files of this machine came from. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Part } from './part.ts';

const run = promisify(execFile);

/** @param paths absolute, as they are here and in the image; one that no package has is a part by itself, known by its hash */
export async function debianParts(paths: readonly string[]): Promise<readonly Part[]> {
  const found = await Promise.all([...new Set(paths)].map(partOf));
  return [...new Map(found.map((part) => [part.purl, part])).values()];
}

async function partOf(path: string): Promise<Part> {
  const owner = await ownerOf(path);
  if (owner === undefined) {
    const content = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    const hash = { alg: 'SHA-256', content } as const;
    return { kind: 'generic', name: path, version: '', purl: `pkg:generic${path}`, licences: [], hash, usedBy: path };
  }
  const format = ['Version', 'Architecture'].map((field) => `\${${field}}`).join('\t');
  const { stdout } = await run('dpkg-query', ['--show', '--showformat', format, owner]);
  const [version = '', architecture = ''] = stdout.split('\t');
  const name = owner.replace(/:.*/, '');
  return await debianPart({ name, version, architecture, usedBy: path });
}

/** With the licences that this machine has on record for the package: they are the same for each architecture. */
export async function debianPart(about: {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly usedBy: string;
}): Promise<Part> {
  const { name, version, architecture, usedBy } = about;
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
  return { kind: 'deb', name, version, purl, licences: await licencesOf(name), usedBy };
}

/** Libraries lie in /usr/lib, and packages name them with or without /usr. */
async function ownerOf(path: string): Promise<string | undefined> {
  const real = await realpath(path);
  const candidates = [path, real].flatMap((one) => [one, one.replace(/^\/usr\//, '/'), `/usr${one}`]);
  for (const candidate of new Set(candidates)) {
    const answer = await run('dpkg-query', ['--search', candidate]).catch(() => undefined);
    const line = answer?.stdout.split('\n').find((one) => !one.startsWith('diversion '));
    const owner = line?.split(': ')[0]?.split(', ')[0];
    if (owner) {
      return owner;
    }
  }
  return undefined;
}

/** The short names of the machine-readable form; older files name the licence in prose, which is in the image with them. */
async function licencesOf(name: string): Promise<readonly string[]> {
  const text = await copyrightOf(name);
  const names = [...text.matchAll(/^License:[ \t]*(\S.*)$/gm)].map(([, licence = '']) => licence.trim());
  return [...new Set(names)].toSorted();
}

/** The file that every package of Debian has; empty where it was left out. */
export async function copyrightOf(name: string): Promise<string> {
  return await readFile(`/usr/share/doc/${name}/copyright`, 'utf8').catch(() => '');
}
