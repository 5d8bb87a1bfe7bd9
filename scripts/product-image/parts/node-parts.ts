/** Node and the libraries that are built into it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Part } from './part.ts';

const notLibraries: ReadonlySet<string> = new Set(['node', 'modules', 'napi', 'unicode', 'cldr', 'tz']);
const usedBy = '/nodejs/node';

/**
 * Licences of the libraries are in Node's own licence file.
 *
 * @param program a Node of the version that runs this, whose libraries are named: they do not depend on the architecture
 */
export async function nodeParts(program: string): Promise<readonly Part[]> {
  const { node: version = '' } = process.versions;
  const content = createHash('sha256')
    .update(await readFile(program))
    .digest('hex');
  const libraries = Object.entries(process.versions).filter(([name, of]) => !notLibraries.has(name) && of);
  return [
    {
      kind: 'generic',
      name: 'node',
      version,
      purl: `pkg:generic/node@${version}`,
      licences: ['MIT'],
      hash: { alg: 'SHA-256', content },
      usedBy,
    },
    ...libraries.map(
      ([name, of = '']): Part => ({
        kind: 'generic',
        name,
        version: of,
        purl: `pkg:generic/${name}@${encodeURIComponent(of)}`,
        licences: [],
        usedBy,
      }),
    ),
  ];
}

/** Where it lies beside the program, as in the archives of nodejs.org; empty where the package has left it out. */
export async function nodeLicence(program: string): Promise<string> {
  return await readFile(join(dirname(program), '..', 'LICENSE'), 'utf8').catch(() => '');
}
