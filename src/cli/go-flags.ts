/** Words as Go's flag package reads them (`-check-pods`, `--n=demo`, `-update=false`), written as this program's options. */
import { usageError } from './command.ts';

/** Name on the command line -> our long option; a `switch` needs no value. */
export type GoFlags = Readonly<Record<string, GoFlag>>;

interface GoFlag {
  readonly option: string;
  readonly kind: 'switch' | 'value';
}

const truths = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const untruths = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/**
 * Words that are no known flag stay as they are, and so does all from the first that is no flag at all.
 *
 * @throws USAGE for a value that is missing or is none
 */
export function rewriteGoFlags(words: readonly string[], flags: GoFlags): readonly string[] {
  const rewritten: string[] = [];
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [, name, value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      return [...rewritten, word, ...left];
    }
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    rewritten.push(...(flag === undefined ? [word] : rewriteFlag(name, flag, value, left)));
  }
  return rewritten;
}

/** @param left words behind it, of which a value may be taken */
function rewriteFlag(name: string, flag: GoFlag, value: string | undefined, left: string[]): readonly string[] {
  if (flag.kind === 'switch') {
    return isOn(name, value) ? [`--${flag.option}`] : [];
  }
  const given = value ?? left.shift();
  if (given === undefined) {
    throw usageError(`-${name}: needs a value`);
  }
  return [`--${flag.option}=${given}`];
}

function isOn(name: string, value: string | undefined): boolean {
  if (value === undefined || truths.includes(value)) {
    return true;
  }
  if (untruths.includes(value)) {
    return false;
  }
  throw usageError(`-${name}: "${value}" is neither true nor false`);
}
