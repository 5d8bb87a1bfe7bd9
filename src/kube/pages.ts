/**
 * Lists in pages (limit and continue).
 *
 * The server may forget the snapshot behind a continue token (410 after etcd compaction); the list then starts again
 * from scratch, once. A page larger than the body limit is asked for again in smaller pieces.
 */
import { isOperationError, OperationError } from '../core/errors.ts';
import type { ListOptions } from './calls.ts';
import { parseList } from './list-json.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from './objects.ts';
import { collectionPath, withQuery } from './resource-path.ts';
import { bodyTooLarge, type Transport } from './transport.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Of the whole list: where a watch goes on. */
  readonly resourceVersion: string;
  /** The list begins here, perhaps again: what came before is void. */
  readonly isFirst: boolean;
}

const defaultPageSize = 500;
const defaultMaxItems = 200_000;
const shrinkBy = 4;

interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly KubeObject[] | null;
}

interface Position {
  size: number;
  token: string | undefined;
  count: number;
  hasRestarted: boolean;
}

/** Yields at least one page. Throws like KubeClient. */
export async function* listPages<T extends KubeObject>(
  transport: Transport,
  type: ResourceType,
  options: ListOptions,
): AsyncGenerator<Page<T>> {
  const position: Position = {
    size: options.pageSize ?? defaultPageSize,
    token: undefined,
    count: 0,
    hasRestarted: false,
  };
  for (;;) {
    const isFirst = position.token === undefined;
    const list = await fetchPage(transport, type, options, position);
    if (list === undefined) {
      continue;
    }
    const items = (list.items ?? []).map((item) => ofType<T>(type, item));
    position.count = isFirst ? items.length : position.count + items.length;
    checkCount(type, position.count, options.maxItems ?? defaultMaxItems);
    position.token = list.metadata?.continue || undefined;
    yield { items, resourceVersion: list.metadata?.resourceVersion ?? '', isFirst };
    if (position.token === undefined) {
      return;
    }
  }
}

/**
 * Items of typed lists come without apiVersion and kind, and metadata-only ones as PartialObjectMetadata: both get
 * those of the type they were asked for.
 */
export function ofType<T extends KubeObject>(type: ResourceType, object: KubeObject): T {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return { apiVersion: apiVersionOf(type), kind: type.kind, ...rest } as T;
}

/** Accept header for whole objects or for their metadata alone. */
export function acceptOf(
  metadataOnly: boolean | undefined,
  kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList',
): string {
  return metadataOnly ? `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json` : 'application/json';
}

/** Undefined: the position was changed and the page is to be asked for again. */
async function fetchPage(
  transport: Transport,
  type: ResourceType,
  options: ListOptions,
  position: Position,
): Promise<RawList | undefined> {
  const where = options.namespace ? ` in ${options.namespace}` : '';
  const call = { what: `list ${type.kind}${where}`, confidential: type.plural === 'secrets' };
  const path = withQuery(collectionPath(type, options.namespace), {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: position.size,
    continue: position.token,
    // A continue token carries its own version, and the server refuses a second one.
    resourceVersion: position.token === undefined ? options.resourceVersion : undefined,
  });
  try {
    const accept = acceptOf(options.metadataOnly, 'PartialObjectMetadataList');
    const parse = options.dropManagedFields ? readList : undefined;
    const answer = await transport.send({ call, method: 'GET', path, accept, signal: options.signal, parse });
    return answer.body as RawList;
  } catch (error) {
    if (!moveOn(position, error)) {
      throw error;
    }
    return undefined;
  }
}

function readList(bytes: Buffer): RawList {
  const { list, items } = parseList(bytes);
  return { ...(list as RawList), items: items as readonly KubeObject[] };
}

function moveOn(position: Position, error: unknown): boolean {
  if (isOperationError(error, 'API_GONE') && position.token !== undefined && !position.hasRestarted) {
    position.token = undefined;
    position.hasRestarted = true;
    return true;
  }
  if (isOperationError(error) && error.context['reason'] === bodyTooLarge && position.size > 1) {
    position.size = Math.max(1, Math.floor(position.size / shrinkBy));
    return true;
  }
  return false;
}

function checkCount(type: ResourceType, count: number, maxItems: number): void {
  if (count > maxItems) {
    throw new OperationError(`list ${type.kind}: more than ${maxItems} objects`, {
      code: 'API_INVALID',
      retry: 'never',
      context: { kind: type.kind },
    });
  }
}
