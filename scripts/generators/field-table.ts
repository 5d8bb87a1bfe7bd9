/** Tables of the fields of a schema, for reference pages. */
import type { StructuralSchema } from '../../src/resources/structural-schema.ts';

export interface FieldRow {
  /** `spec.sources[].name` */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: unknown;
  readonly description: string;
}

/** All fields below a schema in the order they are declared, each object before its own fields. */
export function fieldRows(schema: StructuralSchema, path: string): FieldRow[] {
  const required = listOf(schema['required']);
  return Object.entries(nodeOf(schema['properties'])).flatMap(([name, value]) => {
    const child = nodeOf(value);
    const place = path === '' ? name : `${path}.${name}`;
    const row = {
      path: place,
      type: typeName(child),
      required: required.includes(name),
      default: child['default'],
      description: describe(child),
    };
    return [row, ...fieldRows(child, place), ...fieldRows(nodeOf(child['items']), `${place}[]`)];
  });
}

/** The rows as a Markdown table. */
export function fieldTable(rows: readonly FieldRow[]): string {
  const lines = rows.map(
    (row) =>
      `| \`${row.path}\`${row.required ? ' *' : ''} | ${cell(row.type)} | ${defaultCell(row.default)} | ${cell(row.description)} |`,
  );
  return ['| field | type | default | meaning |', '|---|---|---|---|', ...lines].join('\n');
}

/** Text that may stand in a cell of a Markdown table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function typeName(schema: StructuralSchema): string {
  const values = listOf(schema['enum']);
  if (values.length > 0) {
    return values.map((value) => `\`${String(value)}\``).join(', ');
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    return 'integer or string';
  }
  if (schema['type'] === 'array') {
    return `list of ${typeName(nodeOf(schema['items']))}`;
  }
  const valueSchema = schema['additionalProperties'];
  if (schema['type'] === 'object' && typeof valueSchema === 'object') {
    return `map of ${typeName(nodeOf(valueSchema))}`;
  }
  return schema['format'] === 'date-time' ? 'time' : String(schema['type'] ?? 'anything');
}

function describe(schema: StructuralSchema): string {
  const rules = listOf(schema['x-kubernetes-validations']).map((rule) => `Rule: ${String(nodeOf(rule)['message'])}.`);
  const limits = limitsOf(schema);
  return [schema['description'], ...rules, ...(limits === '' ? [] : [`(${limits})`])].filter(Boolean).join(' ');
}

function limitsOf(schema: StructuralSchema): string {
  const names: readonly (readonly [string, string])[] = [
    ['minimum', 'at least'],
    ['maximum', 'at most'],
    ['minItems', 'items at least'],
    ['maxItems', 'items at most'],
    ['maxLength', 'characters at most'],
  ];
  return names
    .filter(([keyword]) => schema[keyword] !== undefined)
    .map(([keyword, words]) => `${words} ${String(schema[keyword])}`)
    .join(', ');
}

function defaultCell(value: unknown): string {
  return value === undefined ? '' : `\`${cell(JSON.stringify(value))}\``;
}

/** A node of a schema or another JSON document; empty where there is no object. */
export function nodeOf(value: unknown): StructuralSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
