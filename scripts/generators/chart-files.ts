/** Everything made from the schema of the chart's values. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { chartValues } from './chart-values.ts';
import { type FieldRow, fieldRows, fieldTable } from './field-table.ts';
import { type GeneratedFile, generatedNotice } from './generated-file.ts';

const source = 'scripts/generators/chart-values.ts';

export function chartFiles(): GeneratedFile[] {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: generatedNotice(source),
    ...chartValues,
  };
  return [
    { path: 'chart/values.schema.json', content: `${JSON.stringify(schema, null, 2)}\n` },
    { path: 'docs/reference/chart.md', content: page() },
  ];
}

/** The defaults of the chart, as Helm reads them. */
function readChartDefaults(): unknown {
  return load(readFileSync(new URL('../../chart/values.yaml', import.meta.url), 'utf8'));
}

function page(): string {
  const defaults = readChartDefaults();
  const rows = fieldRows({ ...chartValues }, '')
    .filter((row) => row.path !== 'global')
    .map((row): FieldRow => ({ ...row, required: false, default: leafDefault(row, defaults) }));
  const parts = [
    `<!-- ${generatedNotice(`${source} and chart/values.yaml`)} -->`,
    '# Values of the Helm chart',
    'Helm refuses a value that does not fit, naming its field.',
    fieldTable(rows),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The default of a row; an object shows those of its fields instead of its own. */
function leafDefault(row: FieldRow, defaults: unknown): unknown {
  return row.type === 'object' ? undefined : valueAt(defaults, row.path.split('.'));
}

function valueAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) {
    return value;
  }
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const found = entries.find(([key]) => key === name);
  return found === undefined ? undefined : valueAt(found[1], rest);
}
