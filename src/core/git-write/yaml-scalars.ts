/**
 * The scalars of a YAML text with the comments that belong to them, by place in the text. Nothing is ever written by a YAML
 * library: it would change lines that nobody touched.
 */
import { Composer, type Document, isMap, isScalar, isSeq, Lexer, type ParsedNode, Parser, type Scalar } from 'yaml';

export type ScalarStyle = 'plain' | 'single' | 'double' | 'block';

export interface YamlScalar {
  /** Offsets in the text, quotes and the header of a block included; tag and anchor stand before. */
  readonly start: number;
  readonly end: number;
  readonly style: ScalarStyle;
  /** The text it means, before any reading as number or boolean. */
  readonly value: string;
  /** As resolved, e.g. `tag:yaml.org,2002:int`; undefined when none is written. */
  readonly tag: string | undefined;
}

export interface YamlText {
  /** Those that can be a value: of a map, or in a list. Keys are none. */
  readonly scalars: readonly YamlScalar[];
  /** Every comment by the offset of its `#`. */
  readonly comments: ReadonlyMap<number, string>;
}

/** Where a text ends to be YAML, and why. */
export interface YamlFault {
  readonly offset: number;
  readonly reason: string;
}

const styles: Readonly<Record<string, ScalarStyle>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
};

/** Says of the lexemes that follow it what they are, and has no place in the text. */
const scalarSign = '\u001f';
const signs: ReadonlySet<string> = new Set(['\u0002', '\u0018', scalarSign]);

/** The root of one document; null when there is nothing in it. */
export type YamlRoot = ParsedNode | null;

/**
 * Reads all documents of a text. Duplicate keys are let through, and unknown tags; anchors are not followed.
 *
 * @returns a fault when any document is no YAML
 */
export function readYamlText(text: string): YamlText | YamlFault {
  const comments = new Map<number, string>();
  const picked = pickFromYaml(text, valuesOf, comments);
  return 'reason' in picked ? picked : { scalars: picked.found, comments };
}

/**
 * Takes what is wanted from each document, in their order. No document is kept as a tree when the next one is read.
 *
 * @param comments is filled with every comment
 * @returns a fault when any document is no YAML
 */
export function pickFromYaml<T>(
  text: string,
  pick: (root: YamlRoot) => Iterable<T>,
  comments = new Map<number, string>(),
): { readonly found: readonly T[] } | YamlFault {
  const found: T[] = [];
  for (const document of documentsOf(text, comments)) {
    const [fault] = document.errors;
    if (fault !== undefined) {
      const reason = /call stack/.test(fault.message) ? 'it is nested too deeply' : fault.message;
      return { offset: fault.pos[0], reason };
    }
    for (const one of pick(document.contents)) {
      found.push(one);
    }
  }
  return { found };
}

/** One after the other, so that a file of thousands of documents is never held as a tree. */
function* documentsOf(text: string, comments: Map<number, string>): Generator<Document.Parsed> {
  const lexer = new Lexer();
  const parser = new Parser();
  const composer = new Composer({ schema: 'failsafe', strict: false, uniqueKeys: false, prettyErrors: false });
  let offset = 0;
  let isScalarNext = false;
  for (const lexeme of lexer.lex(text)) {
    if (lexeme.startsWith('#') && !isScalarNext) {
      comments.set(offset, lexeme);
    }
    isScalarNext = lexeme === scalarSign;
    offset += signs.has(lexeme) ? 0 : lexeme.length;
    for (const token of parser.next(lexeme)) {
      yield* composer.next(token);
    }
  }
  for (const token of parser.end()) {
    yield* composer.next(token);
  }
  yield* composer.end(false, text.length);
}

function* valuesOf(root: YamlRoot): Generator<YamlScalar> {
  const left: YamlRoot[] = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (isScalar(node)) {
      yield toScalar(node);
    } else if (isMap(node)) {
      left.push(...node.items.map((pair) => pair.value).toReversed());
    } else if (isSeq(node)) {
      left.push(...node.items.toReversed());
    }
  }
}

/** Place, style and text of one scalar. */
export function toScalar(node: Scalar.Parsed): YamlScalar {
  const [start, end] = node.range;
  const value = typeof node.value === 'string' ? node.value : node.source;
  return { start, end, style: styles[node.type ?? 'PLAIN'] ?? 'plain', value, tag: node.tag };
}
