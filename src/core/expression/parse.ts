/**
 * Conditions of Argo Rollouts (`result[0] >= 0.95`), a subset of the language of expr-lang.org: values, members, comparison, logic,
 * arithmetic and a few functions. No closures, no pipes, no variables: what is not known is refused when it is read.
 */
import { invalid, type Token, tokenize } from './tokens.ts';

export type Expression =
  | { readonly kind: 'Value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'List'; readonly items: readonly Expression[] }
  /** The one thing that is judged. */
  | { readonly kind: 'Result' }
  | { readonly kind: 'Member'; readonly of: Expression; readonly name: Expression }
  | { readonly kind: 'Call'; readonly name: FunctionName; readonly parts: readonly Expression[] }
  | { readonly kind: 'Unary'; readonly sign: '!' | '-'; readonly of: Expression }
  | { readonly kind: 'Binary'; readonly sign: BinarySign; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'Choice'; readonly of: Expression; readonly then: Expression; readonly otherwise: Expression };

const functionNames = ['len', 'asInt', 'asFloat', 'isNaN', 'isInf', 'isNil', 'default'] as const;

export type FunctionName = (typeof functionNames)[number];

const binarySigns = {
  '||': 1,
  or: 1,
  '&&': 2,
  and: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  in: 3,
  contains: 3,
  startsWith: 3,
  endsWith: 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
} as const;

export type BinarySign = keyof typeof binarySigns;

const deepest = 32;

/** @throws OBJECT_INVALID naming what is not understood */
export function parseExpression(source: string, field: string): Expression {
  const reader = new Reader(tokenize(source, field), field);
  const expression = reader.choice(0);
  reader.end();
  return expression;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #field: string;
  #at = 0;

  constructor(tokens: readonly Token[], field: string) {
    this.#tokens = tokens;
    this.#field = field;
  }

  choice(depth: number): Expression {
    if (depth > deepest) {
      throw invalid(this.#field, `is nested more than ${deepest} times`);
    }
    const of = this.#binary(0, depth);
    if (!this.#takes('?')) {
      return of;
    }
    const then = this.choice(depth + 1);
    this.#expect(':');
    return { kind: 'Choice', of, then, otherwise: this.choice(depth + 1) };
  }

  end(): void {
    if (this.#at < this.#tokens.length) {
      throw invalid(this.#field, `has "${this.#shown()}" where it should end`);
    }
  }

  #binary(weakest: number, depth: number): Expression {
    let left = this.#unary(depth);
    for (;;) {
      const sign = this.#peek();
      const strength = isBinary(sign) ? binarySigns[sign] : 0;
      if (!isBinary(sign) || strength <= weakest) {
        return left;
      }
      this.#at += 1;
      left = { kind: 'Binary', sign, left, right: this.#binary(strength, depth + 1) };
    }
  }

  #unary(depth: number): Expression {
    if (depth > deepest) {
      throw invalid(this.#field, `is nested more than ${deepest} times`);
    }
    if (this.#takes('!') || this.#takes('not')) {
      return { kind: 'Unary', sign: '!', of: this.#unary(depth + 1) };
    }
    if (this.#takes('-')) {
      return { kind: 'Unary', sign: '-', of: this.#unary(depth + 1) };
    }
    return this.#members(this.#primary(depth), depth);
  }

  #members(first: Expression, depth: number): Expression {
    let of = first;
    for (;;) {
      if (this.#takes('.')) {
        const token = this.#tokens[this.#at];
        if (token?.kind !== 'Name') {
          throw invalid(this.#field, `has "${this.#shown()}" where a name should stand`);
        }
        this.#at += 1;
        of = { kind: 'Member', of, name: { kind: 'Value', value: token.value } };
      } else if (this.#takes('[')) {
        const name = this.choice(depth + 1);
        this.#expect(']');
        of = { kind: 'Member', of, name };
      } else {
        return of;
      }
    }
  }

  #primary(depth: number): Expression {
    const token = this.#tokens[this.#at];
    if (token?.kind === 'Number' || token?.kind === 'Text') {
      this.#at += 1;
      return { kind: 'Value', value: token.value };
    }
    if (this.#takes('(')) {
      const inner = this.choice(depth + 1);
      this.#expect(')');
      return inner;
    }
    if (this.#takes('[')) {
      return { kind: 'List', items: this.#parts(']', depth) };
    }
    if (token?.kind === 'Name') {
      this.#at += 1;
      return this.#named(token.value, depth);
    }
    throw invalid(this.#field, `has "${this.#shown()}" where a value should stand`);
  }

  #named(name: string, depth: number): Expression {
    switch (name) {
      case 'true':
      case 'false':
        return { kind: 'Value', value: name === 'true' };
      case 'nil':
      case 'null':
        return { kind: 'Value', value: null };
      case 'result':
        return { kind: 'Result' };
      default: {
        const known = functionNames.find((one) => one === name);
        if (known === undefined || !this.#takes('(')) {
          throw invalid(this.#field, `names "${name}"; there are result, ${functionNames.join(', ')}`);
        }
        return { kind: 'Call', name: known, parts: this.#parts(')', depth) };
      }
    }
  }

  #parts(end: string, depth: number): readonly Expression[] {
    const parts: Expression[] = [];
    while (!this.#takes(end)) {
      if (parts.length > 0) {
        this.#expect(',');
      }
      parts.push(this.choice(depth + 1));
    }
    return parts;
  }

  #peek(): string | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === 'Sign' || token?.kind === 'Name' ? token.value : undefined;
  }

  #takes(value: string): boolean {
    const isThere = this.#peek() === value;
    this.#at += isThere ? 1 : 0;
    return isThere;
  }

  #expect(value: string): void {
    if (!this.#takes(value)) {
      throw invalid(this.#field, `has "${this.#shown()}" where "${value}" should stand`);
    }
  }

  #shown(): string {
    const token = this.#tokens[this.#at];
    return token === undefined ? 'its end' : String(token.value).slice(0, 20);
  }
}

function isBinary(sign: string | undefined): sign is BinarySign {
  return sign !== undefined && Object.hasOwn(binarySigns, sign);
}
