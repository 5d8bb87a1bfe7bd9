/**
 * What the documentation consists of: docs/navigation.json as a tree of pages with their titles. The site, docs/README.md and the tests read
 * it, so that there is one order of pages.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const docsFolder = fileURLToPath(new URL('../docs/', import.meta.url));

export interface Page {
  /** From docs/, for example `guide/apps.md` or `../ARCHITECTURE.md`. */
  readonly path: string;
  /** First heading of the page, without marks. */
  readonly title: string;
}

export interface Group {
  readonly label: string;
  readonly items: readonly (Page | Group)[];
}

/** Text of a page by its path from docs/. */
export type PageReader = (path: string) => string;

/** @throws when docs/navigation.json is no tree of groups, or names a page that is not there or has no heading. */
export function readNavigation(read: PageReader = readFromDisk): readonly Group[] {
  const tree: unknown = JSON.parse(readFromDisk('navigation.json'));
  return list(tree, 'docs/navigation.json').map((entry) => readGroup(entry, read));
}

/** Every page below an entry, in order. */
export function pagesOf(entry: Page | Group): readonly Page[] {
  return 'items' in entry ? entry.items.flatMap(pagesOf) : [entry];
}

/** Where a page is on the site, without slashes at the ends: `guide/apps`, `develop/architecture`. */
export function addressOf(path: string): string {
  const ofDocs = path.startsWith('../') ? `develop/${path.slice('../'.length).toLowerCase()}` : path;
  return ofDocs.replace(/(\/index)?\.md$/, '');
}

/** The first heading of Markdown, without marks of code and emphasis; undefined where there is none. */
export function titleOf(text: string): string | undefined {
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll(/[`*]/g, '').trim();
}

function readFromDisk(path: string): string {
  return readFileSync(join(docsFolder, path), 'utf8');
}

function readGroup(entry: unknown, read: PageReader): Group {
  if (!(typeof entry === 'object' && entry !== null && 'label' in entry && typeof entry.label === 'string')) {
    throw new Error(`docs/navigation.json: ${JSON.stringify(entry)} must be {"label": ..., "items": [...]}`);
  }
  const items = 'items' in entry ? entry.items : undefined;
  return {
    label: entry.label,
    items: list(items, `the group ${entry.label}`).flatMap((item) => readEntry(item, read)),
  };
}

function readEntry(entry: unknown, read: PageReader): readonly (Page | Group)[] {
  if (typeof entry !== 'string') {
    return [readGroup(entry, read)];
  }
  const paths = entry.endsWith('/*') ? pagesIn(dirname(entry)) : [entry];
  return paths.map((path) => readPage(path, read));
}

function pagesIn(folder: string): readonly string[] {
  const names = readdirSync(join(docsFolder, folder)).filter((name) => name.endsWith('.md'));
  return names.toSorted().map((name) => `${folder}/${name}`);
}

function readPage(path: string, read: PageReader): Page {
  const title = titleOf(read(path));
  if (title === undefined) {
    throw new Error(`docs/${path} has no heading \`# ...\``);
  }
  return { path, title };
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new Error(`${where} must hold a list`);
  }
  return value;
}
