/** The description of the API as one page without script. */
import Type from 'typebox';
import { decoderOf } from '../../resources/decode.ts';

const Operation = Type.Object({
  summary: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.String())),
  parameters: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String(),
        in: Type.String(),
        required: Type.Optional(Type.Boolean()),
        description: Type.Optional(Type.String()),
        schema: Type.Optional(Type.Unknown()),
      }),
    ),
  ),
  requestBody: Type.Optional(Type.Unknown()),
});

const decodeDocument = decoderOf(
  Type.Object({
    info: Type.Object({ description: Type.Optional(Type.String()) }),
    paths: Type.Record(Type.String(), Type.Record(Type.String(), Operation)),
  }),
);

export const pageStyle = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
h3{margin:2rem 0 0}table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}`;

/** @param document as @fastify/swagger makes it */
export function describePage(document: unknown, prefix: string): string {
  const { info, paths } = decodeDocument(document, 'the description of the API');
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const tags = [...new Set(operations.map(tagOf))];
  const sections = tags.map((tag) => {
    const ones = operations.filter((operation) => tagOf(operation) === tag).map(operationHtml);
    return `<h2>${html(tag)}</h2>${ones.join('')}`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Headgate API</title><style>${pageStyle}</style></head><body><h1>Headgate API</h1><p>${html(info.description ?? '')}</p>
<p><a href="${html(prefix)}/api/openapi.json">OpenAPI as JSON</a></p>${sections.join('')}</body></html>`;
}

type ShownOperation = { readonly path: string; readonly method: string } & Readonly<
  ReturnType<typeof decodeDocument>['paths'][string][string]
>;

function tagOf({ tags }: Pick<ShownOperation, 'tags'>): string {
  return tags?.[0] ?? 'Other';
}

function operationHtml({ path, method, summary, description, parameters, requestBody }: ShownOperation): string {
  const rows = (parameters ?? []).map(
    (one) =>
      `<tr><td><code>${html(one.name)}</code></td><td>${html(one.in)}${one.required ? ', required' : ''}</td><td>${html(one.description ?? '')}</td></tr>`,
  );
  const table =
    rows.length === 0 ? '' : `<table><tr><th>parameter</th><th>where</th><th></th></tr>${rows.join('')}</table>`;
  const body = requestBody === undefined ? '' : '<p>Takes a JSON body; its fields stand in the OpenAPI document.</p>';
  const more = description === undefined ? '' : `<p>${html(description)}</p>`;
  return `<h3><code>${method} ${html(path)}</code></h3><p>${html(summary ?? '')}</p>${more}${table}${body}`;
}

function html(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '');
}
