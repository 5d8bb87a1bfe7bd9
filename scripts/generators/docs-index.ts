/** docs/README.md, the list of all pages for whoever reads them in the repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { docsFolder, type Group, type Page, pagesOf, readNavigation } from '../../site/navigation.ts';
import { type GeneratedFile, generatedNotice } from './generated-file.ts';

/** @param generated other generated files, which may not be on the disk yet */
export function docsIndex(generated: readonly GeneratedFile[]): GeneratedFile[] {
  const made = new Map(generated.map(({ path, content }) => [path, content]));
  const read = (path: string) => made.get(`docs/${path}`) ?? readFileSync(join(docsFolder, path), 'utf8');
  const parts = [
    `<!-- ${generatedNotice('docs/navigation.json')} -->`,
    '# Documentation',
    '`make docs` builds these pages as a site with search; `make docs SERVE=1` shows it on this machine.',
    ...readNavigation(read).map(section),
    'The reference pages of fields, commands, values, metrics and the API are generated from the sources (`make generate`); do not edit them.',
  ];
  return [{ path: 'docs/README.md', content: `${parts.join('\n\n')}\n` }];
}

function section({ label, items }: Group): string {
  const lines = items.map((item) => `- ${'items' in item ? `${item.label}: ${links(item)}` : link(item)}`);
  return [`## ${label}`, lines.join('\n')].join('\n\n');
}

function links(group: Group): string {
  return pagesOf(group).map(link).join(', ');
}

function link({ path, title }: Page): string {
  return `[${title}](${path})`;
}
