/** Reads the imports and the calls that matter out of TypeScript sources, without a compiler. */

export interface Import {
  /** As written: `../core/errors.ts`, `node:fs`. */
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** From 1. */
  readonly line: number;
}

const statement = /(?:^|;)\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?from\s*)?['"]([^'"]+)['"]/gm;
const dynamic = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** Every `import`, `export ... from` and `import('...')` of a source, in order. Comments do not count. */
export function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const found = [
    ...[...text.matchAll(statement)].map((match) => ({ match, specifier: match[2], typeOnly: match[1] !== undefined })),
    ...[...text.matchAll(dynamic)].map((match) => ({ match, specifier: match[1], typeOnly: false })),
  ];
  return found.map(({ match, specifier, typeOnly }) => ({
    specifier: specifier ?? '',
    typeOnly,
    line: lineAt(text, match.index + match[0].length),
  }));
}

/** Lines, from 1, on which a pattern occurs outside comments and strings. */
export function linesWith(source: string, pattern: RegExp): number[] {
  const text = withoutStrings(withoutComments(source));
  return [...text.matchAll(new RegExp(pattern, 'g'))].map((match) => lineAt(text, match.index));
}

/** Comments become spaces, so that positions stay. A string that looks like a comment, such as a URL, is kept. */
function withoutComments(source: string): string {
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return source.replace(token, (part) => (part.startsWith('/') ? blank(part) : part));
}

function withoutStrings(source: string): string {
  return source.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, blank);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
