/**
 * A command as a value, so that the program, its help and docs/reference/cli.md come from one list.
 *
 * What a command needs to run it imports when it runs: a command for a CI job must not wait for the HTTP server.
 */
import type { OperationError } from '../core/errors.ts';
import { OperationError as Failure } from '../core/errors.ts';

export interface ArgumentDefinition {
  /** As commander reads it: `<app>` must, `[app]` may be there. */
  readonly syntax: string;
  readonly description: string;
}

export interface OptionDefinition {
  /** As commander reads it, e.g. `-n, --namespace <name>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly repeatable?: boolean;
}

/** 0 done, 1 something failed, 2 wrong use, 3 something waits for a person. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Invocation {
  readonly arguments: readonly (string | undefined)[];
  readonly options: Options;
  readonly print: (text: string) => void;
  /** What is not the answer, on standard error. */
  readonly warn: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface Command {
  readonly name: string;
  /** Other words for it, which do the same. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly arguments: readonly ArgumentDefinition[];
  readonly options: readonly OptionDefinition[];
  /** Turns the words of another program's command line into those of the options. */
  readonly rewrite?: (words: readonly string[]) => readonly string[];
  readonly run: (invocation: Invocation) => Promise<ExitCode>;
}

/** Option values by their long name in camel case, read with the type the definition gives them. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** For options that have a default. */
  given(name: string): string {
    return this.text(name) ?? '';
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  }
}

/** The caller asked for what cannot be; the program ends with 2. */
export function usageError(message: string): OperationError {
  return new Failure(message, { code: 'USAGE', retry: 'never' });
}

export const connectionOptions: readonly OptionDefinition[] = [
  { flags: '--kubeconfig <path>', description: 'kubeconfig file; else KUBECONFIG, the pod, or ~/.kube/config' },
  { flags: '--context <name>', description: 'context of the kubeconfig' },
];

export const programOptions: readonly OptionDefinition[] = [
  {
    flags: '--helm <path>',
    description: 'helm 4, for Apps that are Helm releases; by PATH when a name',
    default: 'helm',
  },
  { flags: '--kubectl <path>', description: 'kubectl, for its kustomize; by PATH when a name', default: 'kubectl' },
];

export const namespaceOption: OptionDefinition = {
  flags: '-n, --namespace <name>',
  description: 'namespace; else that of the context',
};

export const allNamespacesOption: OptionDefinition = { flags: '-A, --all-namespaces', description: 'all namespaces' };

export const outputOption: OptionDefinition = {
  flags: '-o, --output <form>',
  description: 'how to print',
  default: 'table',
  choices: ['table', 'json'],
};

/** The options of `connectionOptions` as given. */
export function connectionOf(options: Options): { kubeconfig: string | undefined; context: string | undefined } {
  return { kubeconfig: options.text('kubeconfig'), context: options.text('context') };
}
