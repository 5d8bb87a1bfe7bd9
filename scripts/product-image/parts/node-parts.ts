/** Node and the libraries that are built into it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Part } from './part.ts';

const notLibraries: ReadonlySet<string> = new Set(['node', 'modules', 'napi', 'unicode', 'cldr', 'tz']);
const usedBy = '/nodejs/node';

/** Of the Node that runs this. Licences of the libraries are in Node's own licence file. */
export async function nodeParts(): Promise<readonly Part[]> {
  const { node: version = '' } = process.versions;
  const content = createHash('sha256')
    .update(await readFile(process.execPath))
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
export async function nodeLicence(): Promise<string> {
  return await readFile(join(dirname(process.execPath), '..', 'LICENSE'), 'utf8').catch(() => '');
}
