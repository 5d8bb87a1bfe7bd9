/** Splits an expression into tokens. */
import { OperationError } from '../errors.ts';

export type Token =
  | { readonly kind: 'Number'; readonly value: number }
  | { readonly kind: 'Text'; readonly value: string }
  | { readonly kind: 'Name'; readonly value: string }
  | { readonly kind: 'Sign'; readonly value: string };

const longest = 1_024;

const blank = /\s+/y;
const number = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy;
const text = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const name = /[A-Za-z_]\w*/y;
const sign = /\|\||&&|==|!=|<=|>=|[<>!+\-*/%?:.,()[\]]/y;

/** @throws OBJECT_INVALID naming the place that cannot be read */
export function tokenize(source: string, field: string): readonly Token[] {
  if (source.length > longest) {
    throw invalid(field, `has ${source.length} characters; ${longest} is the most`);
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const space = matchAt(blank, source, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const found = tokenAt(source, at);
    if (found === undefined) {
      throw invalid(field, `cannot be read at "${source.slice(at, at + 20)}"`);
    }
    tokens.push(found.token);
    at += found.length;
  }
  return tokens;
}

function tokenAt(source: string, at: number): { readonly token: Token; readonly length: number } | undefined {
  const digits = matchAt(number, source, at);
  if (digits !== undefined) {
    return { token: { kind: 'Number', value: Number(digits) }, length: digits.length };
  }
  const quoted = matchAt(text, source, at);
  if (quoted !== undefined) {
    const value = quoted.slice(1, -1).replaceAll(/\\(.)/g, (_, one: string) => escapes[one] ?? one);
    return { token: { kind: 'Text', value }, length: quoted.length };
  }
  const word = matchAt(name, source, at);
  if (word !== undefined) {
    return { token: { kind: 'Name', value: word }, length: word.length };
  }
  const mark = matchAt(sign, source, at);
  return mark === undefined ? undefined : { token: { kind: 'Sign', value: mark }, length: mark.length };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

export function invalid(field: string, problem: string): OperationError {
  return new OperationError(`${field}: the condition ${problem}`, {
    code: 'OBJECT_INVALID',
    retry: 'never',
    context: { field },
  });
}
