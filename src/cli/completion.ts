import { type Command, type OptionDefinition, usageError } from './command.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** @param list every command of the program, this one included */
export function completionCommandOf(list: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'Print what a shell needs to complete the words of a command line.',
    arguments: [{ syntax: '<shell>', description: shells.join(', ') }],
    options: [],
    async run({ arguments: [shell], print }) {
      const commands = list();
      switch (shell) {
        case 'bash':
          print(bashScript(commands));
          return 0;
        case 'zsh':
          print(zshScript(commands));
          return 0;
        case 'fish':
          print(fishScript(commands));
          return 0;
        default:
          throw usageError(`completion: name one of ${shells.join(', ')}`);
      }
    },
  };
}

/** `-n, --namespace <name>` is `-n` and `--namespace`. */
function flagsOf({ flags }: OptionDefinition): readonly string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.flatMap(({ name, aliases = [], options }) => [
    `    ${[name, ...aliases].join('|')}) words="${options.flatMap(flagsOf).join(' ')}" ;;`,
  ]);
  const choices = commands.flatMap(({ name, options }) =>
    options.flatMap((option) =>
      (option.choices === undefined ? [] : flagsOf(option)).map(
        (flag) => `    "${name} ${flag}") words="${option.choices?.join(' ')}" ;;`,
      ),
    ),
  );
  return `_headgate() {
  local words="" current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')}"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
    case "\${COMP_WORDS[1]} $before" in
${choices.join('\n')}
    esac
  fi
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
}
complete -o default -F _headgate headgate`;
}

function zshScript(commands: readonly Command[]): string {
  const named = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = commands.map(({ name, options }) => {
    const specs = options.flatMap((option) =>
      flagsOf(option).map((flag) => `'${flag}[${quoted(option.description)}]'`),
    );
    return `    ${name}) _arguments ${specs.join(' ')} '*:file:_files' ;;`;
  });
  return `#compdef headgate
_headgate() {
  local -a commands
  commands=(
${named.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
}
compdef _headgate headgate`;
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c headgate -f -n __fish_use_subcommand -a ${name} -d '${quoted(summary)}'`,
    ...options.map((option) => {
      const [short, long] = [/(?:^|[ ,])-([a-zA-Z])\b/, /--([a-z-]+)/].map(
        (pattern) => pattern.exec(option.flags)?.[1],
      );
      const values = option.choices === undefined ? '' : ` -x -a '${option.choices.join(' ')}'`;
      return `complete -c headgate -n '__fish_seen_subcommand_from ${name}'${short === undefined ? '' : ` -s ${short}`}${long === undefined ? '' : ` -l ${long}`}${values} -d '${quoted(option.description)}'`;
    }),
  ]);
  return lines.join('\n');
}

/** Within single quotes of a shell, and within brackets and colons of zsh. */
function quoted(text: string): string {
  return text.replace(/['[\]:\\]/g, '');
}
