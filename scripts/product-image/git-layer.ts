/** The middle layer of the product's image: git with its helpers for http, ssh and signatures, and the shell that bounds it. */
import { readFile } from 'node:fs/promises';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { sharedLibraries } from './shared-libraries.ts';
import { stripElf } from './strip-elf.ts';
import type { SystemFiles } from './system/system.ts';

/** Where Debian and Ubuntu have them. The paths are the same in the image, because git looks for its helpers where it was built for. */
const gitPrograms = [
  '/usr/bin/git',
  '/usr/lib/git-core/git-remote-http',
  '/usr/bin/ssh',
  '/bin/sh',
  // Signatures of commits, and of the provenance of charts.
  '/usr/bin/ssh-keygen',
  '/usr/bin/gpg',
  '/usr/bin/gpg-agent',
  '/usr/bin/gpgconf',
] as const;

/** Makes the layer from the git of a system, with the libraries that it loads. */
export async function makeGitLayer(system: SystemFiles): Promise<TarEntry[]> {
  const libraries = await Promise.all(
    gitPrograms.map(async (program) => await sharedLibraries(await system.fileOf(program), system)),
  );
  const entries: TarEntry[] = [
    ...(await Promise.all(gitPrograms.map((program) => programFile(program, system)))),
    { kind: 'link', path: 'usr/lib/git-core/git-remote-https', target: 'git-remote-http' },
    ...libraries.flat(),
  ];
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()];
}

async function programFile(path: string, system: SystemFiles): Promise<TarEntry> {
  const content = stripElf(await readFile(await system.fileOf(path)));
  return { kind: 'file', path: path.slice(1), content, mode: 0o755 };
}
