/** Lists in pages. The token of the next page is the key of the last item, so that nothing is kept and changes between pages do no harm. */
import Type, { type TSchema } from 'typebox';
import { Problem } from './problem.ts';

const maxPageSize = 5_000;

export const pageParameters = {
  limit: Type.Optional(
    Type.Integer({ description: 'Items of a page.', minimum: 1, maximum: maxPageSize, default: 100 }),
  ),
  continue: Type.Optional(
    Type.String({ description: 'As the page before gave it; the first page when absent.', maxLength: 2_048 }),
  ),
};

export interface PageRequest {
  readonly limit?: number;
  readonly continue?: string;
}

export function PageOf<T extends TSchema>(item: T, description: string) {
  return Type.Object(
    {
      items: Type.Array(item),
      total: Type.Integer({ description: 'Over all pages.' }),
      continue: Type.Optional(Type.String({ description: 'Asks for the next page; absent on the last.' })),
    },
    { description },
  );
}

export interface Page<T> {
  readonly items: T[];
  readonly total: number;
  readonly continue?: string;
}

/**
 * One page of what is sorted by ascending key.
 *
 * @throws Problem `invalid` for a token that is none
 */
export function pageOf<T>(sorted: readonly T[], keyOf: (item: T) => string, request: PageRequest): Page<T> {
  const { limit = 100 } = request;
  const after = request.continue === undefined ? undefined : readToken(request.continue);
  const start = after === undefined ? 0 : firstAfter(sorted, keyOf, after);
  const items = sorted.slice(start, start + limit);
  const last = items.at(-1);
  const hasMore = start + limit < sorted.length;
  return {
    items,
    total: sorted.length,
    ...(last !== undefined && hasMore && { continue: Buffer.from(keyOf(last)).toString('base64url') }),
  };
}

function firstAfter<T>(sorted: readonly T[], keyOf: (item: T) => string, after: string): number {
  const index = sorted.findIndex((item) => keyOf(item) > after);
  return index === -1 ? sorted.length : index;
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (text === '' || Buffer.from(text).toString('base64url') !== token) {
    throw new Problem('invalid', 'continue: it is no token of a former page');
  }
  return text;
}
