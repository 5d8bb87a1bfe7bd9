/** In which form a command prints what it has read. */
import { stringify } from 'yaml';
import type { OptionDefinition, Options } from './command.ts';
import { formatJson, harmless } from './table.ts';

/** Where there is more to a table than fits. */
export const listFormOption: OptionDefinition = {
  flags: '-o, --output <form>',
  description: 'how to print',
  default: 'table',
  choices: ['table', 'wide', 'json', 'yaml'],
};

export const formOption: OptionDefinition = {
  flags: '-o, --output <form>',
  description: 'how to print',
  default: 'text',
  choices: ['text', 'json', 'yaml'],
};

export interface Forms {
  readonly text: () => string;
  /** As text when absent. */
  readonly wide?: () => string;
  readonly json: () => unknown;
}

export function formOf(options: Options, { text, wide = text, json }: Forms): string {
  switch (options.text('output')) {
    case 'json':
      return formatJson(json());
    case 'yaml':
      return formatYaml(json());
    case 'wide':
      return wide();
    default:
      return text();
  }
}

/** What is undefined is left out, as in JSON; nothing is sent to the terminal that it would obey. */
function formatYaml(value: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(value));
  return stringify(plain).trimEnd().split('\n').map(harmless).join('\n');
}
