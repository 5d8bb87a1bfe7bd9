/** docs/README.md, the list of all pages for whoever reads them in the repository. */
import { type Group, type Page, pagesOf, readNavigation } from '../../site/navigation.ts';
import { type GeneratedFile, generatedNotice } from './generated-file.ts';

export function docsIndex(): GeneratedFile[] {
  const parts = [
    `<!-- ${generatedNotice('docs/navigation.json')} -->`,
    '# Documentation',
    '`make docs` builds these pages as a site with search; `make docs SERVE=1` shows it on this machine.',
    ...readNavigation().map(section),
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
