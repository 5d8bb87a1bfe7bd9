/** Code blocks of the documentation. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface CodeBlock {
  /** From the root of the repository. */
  readonly page: string;
  /** Of the line with its text's begin; from 1. */
  readonly line: number;
  /** As it stands behind the fence; empty where nothing does. */
  readonly language: string;
  readonly text: string;
}

/** Of every page for people: those at the root of the repository and those below docs/. */
export function docsBlocks(): readonly CodeBlock[] {
  const names = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`);
  return [...readdirSync(root), ...names].filter((name) => name.endsWith('.md')).flatMap(blocksOf);
}

function blocksOf(page: string): readonly CodeBlock[] {
  const content = readFileSync(`${root}${page}`, 'utf8');
  return [...content.matchAll(/^```(\S*)\n(.*?)^```$/gms)].map(({ 1: language = '', 2: text = '', index }) => ({
    page,
    line: content.slice(0, index).split('\n').length + 1,
    language,
    text,
  }));
}
