/** From unknown to a checked value: every object that comes from outside passes here once. */
import type { Static, TSchema } from 'typebox';
import { Build } from 'typebox/schema';
import { Errors } from 'typebox/value';
import { OperationError } from '../core/errors.ts';

/** Problems beyond this number are only counted, so that a hostile object cannot make an endless message. */
const maxProblems = 10;

/** Longer values are cut in messages. */
const longestValue = 64;

/** Reads a value of one shape. */
export type Decoder<T> = (value: unknown, what: string) => T;

/**
 * Makes a decoder from a schema. Compiled on first use, so that importing costs nothing.
 *
 * The decoder throws OBJECT_INVALID that names the object and every field that does not fit, with its path and
 * its value where that is a scalar.
 */
export function decoderOf<S extends TSchema>(schema: S): Decoder<Static<S>> {
  let check: Check<Static<S>> | undefined;
  return (value, what) => {
    check ??= compile(schema);
    if (check(value)) {
      return value;
    }
    const problems = Errors(schema, value).map((error) => {
      const allowed = error.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : '';
      return `${fieldPath(error.instancePath)}${showValueAt(value, error.instancePath)} ${error.message}${allowed}`;
    });
    throw invalidObject(what, problems);
  };
}

type Check<T> = (value: unknown) => value is T;

/**
 * The compiled function alone. What TypeBox's Validator holds beside it is the text that it was made of, in pieces as it was put together: for
 * all kinds of an App of manifests 38,000 pieces, 2 MiB.
 */
function compile<S extends TSchema>(schema: S): Check<Static<S>> {
  return Build(schema).Evaluate()['check'];
}

/** An OBJECT_INVALID that lists what is wrong with one object. */
export function invalidObject(what: string, problems: readonly string[]): OperationError {
  const shown = problems.slice(0, maxProblems);
  const more = problems.length > maxProblems ? `; and ${problems.length - maxProblems} more` : '';
  return new OperationError(`${what}: ${shown.join('; ')}${more}`, {
    code: 'OBJECT_INVALID',
    retry: 'never',
    context: { object: what },
  });
}

/** The value behind a JSON pointer (RFC 6901), short, with a space before it; nothing for objects and lists. */
function showValueAt(value: unknown, pointer: string): string {
  const found = pointerParts(pointer).reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );
  const isScalar = ['string', 'number', 'boolean'].includes(typeof found) || found === null;
  return isScalar ? ` ${JSON.stringify(found).slice(0, longestValue)}` : '';
}

function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `/spec/sources/0/name` as people write it: `spec.sources[0].name`. */
function fieldPath(pointer: string): string {
  const path = pointerParts(pointer)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('');
  return path === '' ? 'the object' : path.replace(/^\./, '');
}
