/** docs/reference/api.md: every route of the HTTP API, from its OpenAPI description. */
import type { StructuralSchema } from '../../src/resources/structural-schema.ts';
import { cell, fieldRows, fieldTable, listOf, nodeOf } from './field-table.ts';
import { generatedNotice } from './generated-file.ts';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

interface Operation {
  readonly route: string;
  readonly tag: string;
  readonly detail: StructuralSchema;
}

/** @param description an OpenAPI document */
export function apiPage(description: unknown): string {
  const operations = operationsOf(description);
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const parts = [
    `<!-- ${generatedNotice('the routes in src/server/api')} -->`,
    '# HTTP API',
    'How to sign in, how lists are paged and watched, what errors look like: [the guide](../guide/api.md). The same for programs, with the form of each answer: [openapi.json](openapi.json).',
    ...tags.flatMap((tag) => [`## ${tag}`, ...operations.filter((one) => one.tag === tag).map(operationSection)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function operationsOf(description: unknown): readonly Operation[] {
  return Object.entries(nodeOf(nodeOf(description)['paths'])).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const detail = nodeOf(nodeOf(item)[method]);
      const [tag = 'Others'] = listOf(detail['tags']).map(String);
      return Object.keys(detail).length === 0 ? [] : [{ route: `${method.toUpperCase()} ${path}`, tag, detail }];
    }),
  );
}

function operationSection({ route, detail }: Operation): string {
  const parts = [`### \`${route}\``, String(detail['summary'] ?? ''), parameterTable(detail), bodyTable(detail)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function parameterTable(detail: StructuralSchema): string {
  const rows = listOf(detail['parameters']).map((parameter) => {
    const { name, in: place, description } = nodeOf(parameter);
    return `| \`${name}\` | ${place} | ${cell(String(description ?? ''))} |`;
  });
  return rows.length === 0 ? '' : ['| parameter | in | meaning |', '|---|---|---|', ...rows].join('\n');
}

function bodyTable(detail: StructuralSchema): string {
  const content = nodeOf(nodeOf(detail['requestBody'])['content']);
  const rows = fieldRows(nodeOf(nodeOf(content['application/json'])['schema']), '');
  return rows.length === 0 ? '' : `The body, JSON:\n\n${fieldTable(rows)}`;
}
