/**
 * Writes every generated file, or with --check only names those that are out of step and ends with 1.
 *
 * usage: node scripts/generate.ts [--check]
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { apiFiles } from './generators/api-files.ts';
import { chartFiles } from './generators/chart-files.ts';
import { docsIndex } from './generators/docs-index.ts';
import { faultFiles } from './generators/fault-files.ts';
import type { GeneratedFile } from './generators/generated-file.ts';
import { programFiles } from './generators/program-files.ts';
import { resourceFiles } from './generators/resource-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders in which nothing lies but what is generated. */
const generatedFolders = ['chart/crds'];

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const sourced = [
  ...resourceFiles(),
  ...chartFiles(),
  ...programFiles(),
  ...(await apiFiles()),
  ...(await faultFiles()),
];
const files = [...sourced, ...docsIndex(sourced)];
const changed = await findChanged(files);
const leftOver = await findLeftOver(files);

if (values.check) {
  for (const path of [...changed.map((file) => file.path), ...leftOver]) {
    console.log(`${path} is out of step with its source: run \`make generate\` and commit it`);
  }
  process.exitCode = changed.length + leftOver.length === 0 ? 0 : 1;
} else {
  for (const { path, content } of changed) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
    console.log(`wrote ${path}`);
  }
  for (const path of leftOver) {
    await rm(join(root, path));
    console.log(`removed ${path}`);
  }
}

async function findChanged(expected: readonly GeneratedFile[]): Promise<GeneratedFile[]> {
  const current = await Promise.all(
    expected.map(({ path }) => readFile(join(root, path), 'utf8').catch(() => undefined)),
  );
  return expected.filter(({ content }, index) => content !== current[index]);
}

/** What was made from a source that is gone. */
async function findLeftOver(expected: readonly GeneratedFile[]): Promise<string[]> {
  const known = new Set(expected.map((file) => file.path));
  const found = await Promise.all(
    generatedFolders.map(async (folder) => {
      const names = await readdir(join(root, folder)).catch(() => []);
      return names.map((name) => `${folder}/${name}`);
    }),
  );
  return found.flat().filter((path) => !known.has(path));
}
