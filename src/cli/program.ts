/** From the words of a command line to a command and its exit code. */
import { Command as CommanderCommand, CommanderError, Option } from 'commander';
import { describeError, isOperationError } from '../core/errors.ts';
import { type Command, type ExitCode, type OptionDefinition, Options } from './command.ts';
import { commands } from './commands.ts';
import { harmless } from './table.ts';

export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Aborted when the user or the system wants the program to end. */
  readonly signal: AbortSignal;
}

/**
 * Runs one command line (without node and script).
 *
 * @returns the exit code; errors are printed as a chain of causes and become 1, wrong use 2
 */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = new CommanderCommand('headgate')
    .description(
      'Keeps the applications of Kubernetes clusters up to date: finds, tries, watches, and goes back by itself.',
    )
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.error });
  for (const command of commands) {
    program.addCommand(
      toCommander(command, terminal, (result) => {
        code = result;
      }),
    );
  }
  try {
    await program.parseAsync(rewrite(words), { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal);
  }
}

function rewrite([name = '', ...words]: readonly string[]): readonly string[] {
  const command = commands.find((one) => one.name === name);
  return [...(name === '' ? [] : [name]), ...(command?.rewrite ? command.rewrite(words) : words)];
}

function toCommander(command: Command, terminal: Terminal, finish: (code: ExitCode) => void): CommanderCommand {
  const made = new CommanderCommand(command.name)
    .aliases([...(command.aliases ?? [])])
    .description(command.summary)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.error });
  for (const argument of command.arguments) {
    made.argument(argument.syntax, argument.description);
  }
  for (const option of command.options) {
    made.addOption(toOption(option));
  }
  return made.action(async () => {
    const invocation = {
      arguments: made.args,
      options: new Options(made.opts()),
      print: (text: string) => terminal.out(`${text}\n`),
      warn: (text: string) => terminal.error(`${text}\n`),
      signal: terminal.signal,
    };
    finish(await command.run(invocation));
  });
}

function toOption(definition: OptionDefinition): Option {
  const option = new Option(definition.flags, definition.description);
  if (definition.default !== undefined) {
    option.default(definition.default);
  }
  if (definition.choices) {
    option.choices([...definition.choices]);
  }
  if (definition.repeatable) {
    option.argParser((value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value]);
  }
  return option;
}

function explain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  terminal.error(`headgate: ${harmless(describeError(error))}\n`);
  return isOperationError(error, 'USAGE') ? 2 : 1;
}
