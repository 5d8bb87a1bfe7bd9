/**
 * Expressions in the Common Expression Language (cel-spec 0.24) that people write into objects, each of which must answer true or false.
 *
 * Bounded here: length, nodes, depth and literals; `cel.bind`, with which values double at each step, is refused; patterns are
 * RE2's. What stays is polynomial in the size of the data, and not small: whoever evaluates gives a TimeLimit.
 */
import { type ASTNode, Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import { compilePattern } from '../policy/pattern.ts';
import type { TimeLimit, Verdict } from './time-limit.ts';
import { type CelValue, toCelValue } from './values.ts';

/** Longer expressions are refused, at the API server as well. */
export const maxExpressionLength = 2048;

const limits = { maxAstNodes: 500, maxDepth: 40, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 };

export interface Expression {
  readonly text: string;
  /** @param variables the names that the expression may use */
  evaluate(variables: Variables, limit: TimeLimit): Verdict;
}

export type Variables = ReadonlyMap<string, CelValue>;

export type Parsed =
  | { readonly kind: 'Valid'; readonly expression: Expression }
  /** @property problem one line: what is wrong, and where in the text */
  | { readonly kind: 'Invalid'; readonly problem: string };

/** The fields of an object as variables, as Flux has it: `status`, `metadata`, `data`, whatever it has. */
export function variablesOf(object: Readonly<Record<string, unknown>>): Variables {
  return new Map(Object.entries(object).map(([name, value]) => [name, toCelValue(value)]));
}

/** Parses an expression and checks what can be checked without data: syntax, functions, and that its answer can be a boolean. */
export function parseExpression(text: string): Parsed {
  if (text.length > maxExpressionLength) {
    return invalid(`it has ${text.length} characters; ${maxExpressionLength} are the most`);
  }
  try {
    const program = environment.parse(text);
    const forbidden = prepare(program.ast);
    if (forbidden !== undefined) {
      return invalid(forbidden);
    }
    const { valid, type, error } = program.check();
    if (!valid) {
      return invalid(describe(error, text));
    }
    return type === 'bool' || type === 'dyn'
      ? {
          kind: 'Valid',
          expression: { text, evaluate: (variables, limit) => limit(text, () => run(program, variables)) },
        }
      : invalid(`its answer is of type ${type}, not bool`);
  } catch (error) {
    return invalid(describe(error, text));
  }
}

const patternFunction = 'matchesPattern';

/** The library's own `matches` runs on JavaScript's engine, which can take hours. */
const environment = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  limits,
}).registerFunction(
  `string.${patternFunction}(string): bool`,
  (text: string, pattern: string) => compilePattern(pattern, 'matches()').isIn(text),
  { async: false },
);

/** Puts our own function for patterns in. @returns what is not allowed */
function prepare(root: ASTNode): string | undefined {
  const open: ASTNode[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.op === 'id' && node.args === 'cel') {
      return '"cel" is not known here (cel.bind is left out); write the value where it is needed';
    }
    if (node.op === 'rcall' && node.args[0] === 'matches') {
      node.args[0] = patternFunction;
    }
    open.push(...childrenOf(node.args));
  }
  return undefined;
}

function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) {
    return args.flatMap(childrenOf);
  }
  return isNode(args) ? [args] : [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

const missing = new Set(['no_such_key', 'unknown_variable', 'index_out_of_bounds']);

function run(program: ParseResult, variables: Variables): Verdict {
  try {
    const value: unknown = program(variables);
    return typeof value === 'boolean'
      ? { kind: value ? 'True' : 'False' }
      : {
          kind: 'Error',
          message: `its answer is ${typeof value === 'bigint' ? 'a number' : describeValue(value)}, not true or false`,
        };
  } catch (error) {
    const message = error instanceof EvaluationError ? error.summary : describe(error, '');
    return { kind: error instanceof EvaluationError && missing.has(error.code) ? 'Missing' : 'Error', message };
  }
}

function describeValue(value: unknown): string {
  return value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : `a ${typeof value === 'object' ? 'map' : typeof value}`;
}

/** One line; the library draws the place below its message. */
function describe(error: unknown, text: string): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const summary = 'summary' in error && typeof error.summary === 'string' ? error.summary : error.message;
  const range: unknown = 'range' in error ? error.range : undefined;
  const at = typeof range === 'object' && range !== null && 'start' in range ? Number(range.start) : -1;
  return at >= 0 && text !== '' ? `${summary} (character ${at + 1})` : summary;
}

function invalid(problem: string): Parsed {
  return { kind: 'Invalid', problem };
}
