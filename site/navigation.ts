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

/** @throws when docs/navigation.json is no tree of groups, or names a page that is not there or has no heading. */
export function readNavigation(): readonly Group[] {
  const tree: unknown = JSON.parse(readFileSync(join(docsFolder, 'navigation.json'), 'utf8'));
  return list(tree, 'docs/navigation.json').map((entry) => readGroup(entry));
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

function readGroup(entry: unknown): Group {
  if (!(typeof entry === 'object' && entry !== null && 'label' in entry && typeof entry.label === 'string')) {
    throw new Error(`docs/navigation.json: ${JSON.stringify(entry)} must be {"label": ..., "items": [...]}`);
  }
  const items = 'items' in entry ? entry.items : undefined;
  return { label: entry.label, items: list(items, `the group ${entry.label}`).flatMap(readEntry) };
}

function readEntry(entry: unknown): readonly (Page | Group)[] {
  if (typeof entry !== 'string') {
    return [readGroup(entry)];
  }
  return entry.endsWith('/*') ? pagesIn(dirname(entry)).map(readPage) : [readPage(entry)];
}

function pagesIn(folder: string): readonly string[] {
  const names = readdirSync(join(docsFolder, folder)).filter((name) => name.endsWith('.md'));
  return names.toSorted().map((name) => `${folder}/${name}`);
}

function readPage(path: string): Page {
  const title = titleOf(readFileSync(join(docsFolder, path), 'utf8'));
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
