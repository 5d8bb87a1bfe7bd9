/**
 * One watch request as a stream of events (apimachinery `metav1.WatchEvent`).
 *
 * Bookmarks are always asked for: they move the resourceVersion on while nothing happens, and their absence tells that
 * the connection is dead although nobody closed it. Starting again is the informer's part.
 */
import { OperationError } from '../core/errors.ts';
import { type CallDescription, describeCause, errorFromAnswer, unavailable } from './api-error.ts';
import type { WatchOptions } from './calls.ts';
import type { Random } from './clock.ts';
import { readJsonLines } from './json-lines.ts';
import type { KubeObject, ResourceType } from './objects.ts';
import { acceptOf, ofType } from './pages.ts';
import { collectionPath, withQuery } from './resource-path.ts';
import type { OpenAnswer, Transport } from './transport.ts';

export type WatchEvent<T> =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: T }
  | { readonly kind: 'bookmark'; readonly resourceVersion: string };

interface RawEvent {
  readonly type?: string;
  readonly object?: KubeObject & { readonly code?: number };
}

const minTimeoutSeconds = 300;
/** The server sends a bookmark a minute (up to 75 s with its jitter). */
const defaultSilenceMs = 120_000;
/** etcd takes objects of 1.5 MiB; JSON of one can be a few times that. */
const maxEventBytes = 16 * 1024 * 1024;

/**
 * Ends when the server ends the watch. Throws API_GONE when the version is too old, API_UNAVAILABLE when the stream breaks or goes silent,
 * else as KubeClient says, or the signal's reason.
 */
export async function* watchEvents<T extends KubeObject>(
  transport: Transport,
  type: ResourceType,
  options: WatchOptions,
  random: Random,
): AsyncGenerator<WatchEvent<T>> {
  const call: CallDescription = {
    what: `watch ${type.kind}${options.namespace ? ` in ${options.namespace}` : ''}`,
    confidential: type.plural === 'secrets',
  };
  const silenceMs = options.silenceMs ?? defaultSilenceMs;
  const answer = await transport.open(
    {
      call,
      method: 'GET',
      path: watchPath(type, options, random),
      accept: acceptOf(options.metadataOnly, 'PartialObjectMetadata'),
      signal: options.signal,
    },
    silenceMs,
  );
  try {
    for await (const raw of readJsonLines(untilSilent(answer, silenceMs), maxEventBytes)) {
      const event = decodeEvent<T>(call, type, raw as RawEvent);
      if (event !== undefined) {
        yield event;
      }
    }
  } catch (error) {
    throw translate(call, options, answer, error);
  } finally {
    answer.deadline.end();
  }
}

function watchPath(type: ResourceType, options: WatchOptions, random: Random): string {
  return withQuery(collectionPath(type, options.namespace), {
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    timeoutSeconds: options.timeoutSeconds ?? Math.round(minTimeoutSeconds * (1 + random())),
  });
}

async function* untilSilent(answer: OpenAnswer, silenceMs: number): AsyncGenerator<Buffer> {
  answer.deadline.extend(silenceMs);
  for await (const chunk of answer.body) {
    answer.deadline.extend(silenceMs);
    yield chunk;
  }
}

function decodeEvent<T extends KubeObject>(
  call: CallDescription,
  type: ResourceType,
  raw: RawEvent,
): WatchEvent<T> | undefined {
  if (raw.object === undefined) {
    throw unavailable(call, 'event has no object');
  }
  switch (raw.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { kind: raw.type.toLowerCase() as 'added' | 'modified' | 'deleted', object: ofType<T>(type, raw.object) };
    case 'BOOKMARK':
      return { kind: 'bookmark', resourceVersion: raw.object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw errorFromAnswer(call, raw.object.code ?? 500, raw.object);
    default:
      return undefined;
  }
}

function translate(call: CallDescription, options: WatchOptions, answer: OpenAnswer, error: unknown): unknown {
  if (options.signal?.aborted) {
    return options.signal.reason;
  }
  if (answer.deadline.isExpired) {
    return unavailable(call, 'neither event nor bookmark came in time, the connection is taken for dead');
  }
  return error instanceof OperationError ? error : unavailable(call, describeCause(error), error);
}
