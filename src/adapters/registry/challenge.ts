/** One way to authenticate that a registry offers. */
export interface Challenge {
  /** Lower case, e.g. `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const maxHeaderLength = 8_192;
const tokenPattern = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const equalsPattern = /[ \t]*=[ \t]*/y;
const quotedPattern = /"((?:[^"\\]|\\.)*)"/y;

/**
 * Reads a WWW-Authenticate header (RFC 9110, 11.6.1): several challenges, quoted strings with commas in them.
 * What cannot be read is left out.
 */
export function parseChallenges(header: string | readonly string[] | undefined): readonly Challenge[] {
  const text = (typeof header === 'string' ? header : (header ?? []).join(', ')).slice(0, maxHeaderLength);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  while (at < text.length) {
    const name = matchAt(tokenPattern, text, at);
    if (name === undefined) {
      // A comma or space between the parts, or something that is not of the grammar.
      at += 1;
      continue;
    }
    at += name.length;
    const parameters = challenges.at(-1)?.parameters;
    const equals = matchAt(equalsPattern, text, at);
    if (equals === undefined || parameters === undefined) {
      challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
      continue;
    }
    at += equals.length;
    const raw = matchAt(quotedPattern, text, at) ?? matchAt(tokenPattern, text, at) ?? '';
    at += raw.length;
    parameters.set(name.toLowerCase(), raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw);
  }
  return challenges;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
