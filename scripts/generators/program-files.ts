/** Reference pages of what the program shows to the outside: metrics and the command line. */
import type { Command, OptionDefinition } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { applierMetricDefinitions } from '../../src/telemetry/applier-metrics.ts';
import { type MetricDefinition, metricDefinitions } from '../../src/telemetry/metrics.ts';
import { waybillMetricDefinitions } from '../../src/telemetry/waybill-metrics.ts';
import { cell } from './field-table.ts';
import { type GeneratedFile, generatedNotice } from './generated-file.ts';

export function programFiles(): GeneratedFile[] {
  return [
    { path: 'docs/reference/metrics.md', content: metricsPage(Object.values(metricDefinitions)) },
    { path: 'docs/reference/cli.md', content: commandsPage() },
  ];
}

function metricsPage(definitions: readonly MetricDefinition[]): string {
  const parts = [
    `<!-- ${generatedNotice('src/telemetry/metrics.ts')} -->`,
    '# Metrics',
    '`headgate controller` answers `/metrics` in the Prometheus text format; the process metrics of Node stand beside these.',
    metricTable(definitions),
    '`headgate apply` answers `/metrics` with these, under the names of kube-applier:',
    metricTable(Object.values(applierMetricDefinitions)),
    'With `--waybills` it answers `/metrics` and `/__/metrics` with these:',
    metricTable(Object.values(waybillMetricDefinitions)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function metricTable(definitions: readonly MetricDefinition[]): string {
  const rows = definitions.map(({ name, type, help, labels }) => {
    const labelCell = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labelCell} | ${cell(help)} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function commandsPage(): string {
  const parts = [
    `<!-- ${generatedNotice('src/cli/commands.ts')} -->`,
    '# Command line',
    'Exit codes of every command: 0 done, 1 something failed, 2 wrong use, 3 something waits for a person.',
    ...commands.map(commandSection),
  ];
  return `${parts.join('\n\n')}\n`;
}

function commandSection(command: Command): string {
  const words = ['headgate', command.name, ...command.arguments.map((argument) => argument.syntax)].join(' ');
  const rows = [
    ...command.arguments.map((argument) => `| \`${argument.syntax}\` |  | ${cell(argument.description)} |`),
    ...command.options.map(optionRow),
  ];
  const table = ['| argument or option | default | meaning |', '|---|---|---|', ...rows].join('\n');
  return [`## ${words}`, command.summary, table].join('\n\n');
}

function optionRow(option: OptionDefinition): string {
  const choices = option.choices === undefined ? '' : `; one of ${option.choices.join(', ')}`;
  const fallback = option.default === undefined ? '' : `\`${option.default}\``;
  return `| \`${cell(option.flags)}\` | ${fallback} | ${cell(option.description)}${choices} |`;
}
