/**
 * Server-sent events: which objects have changed, never what of them. A page that is told so reads them anew, with its own rights.
 *
 * Events carry ids. Who comes back with Last-Event-ID is told what it missed, or `reset` when that is not known any more.
 */
import type { ServerResponse } from 'node:http';
import Type, { type Static } from 'typebox';
import type { Caller } from '../../core/access/caller.ts';
import { describeError } from '../../core/errors.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, NamespaceParameter } from './api-context.ts';
import type { NumberedChange } from './change-feed.ts';
import { Problem } from './problem.ts';
import { repeat } from './repeat.ts';

const pingMs = 15_000;
/** Then the client comes back and shows anew who it is. */
const longestMs = 600_000;
/** What a client may leave unread. */
const maxUnreadBytes = 1_048_576;
/** Changes of which it is not known yet whether the client may see them; more than can be missed. */
const maxUndecided = 25_000;
const maxWatchers = 2_000;

const WatchQuery = Type.Object(
  {
    namespace: NamespaceParameter,
    kinds: Type.Optional(
      Type.String({ description: 'Only these kinds, parted by commas, e.g. App,Update.', maxLength: 256 }),
    ),
    lastEventId: Type.Optional(
      Type.String({ description: 'As the header Last-Event-ID, for clients that cannot set it.', maxLength: 128 }),
    ),
  },
  { additionalProperties: false },
);

export function addWatchRoute(routes: ApiRoutes, context: ApiContext): void {
  routes.get(
    '/watch',
    {
      schema: {
        tags: ['Live'],
        summary: 'Server-sent events: ids and versions of objects that have changed.',
        description:
          'Events: `hello` (you are up to date from here), `change` (data: kind, namespace, name, resourceVersion, change), `reset` (read everything anew). Goes on after the header Last-Event-ID. A comment every 15 s.',
        querystring: WatchQuery,
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      backendOf(context);
      if (context.feed.listeners >= maxWatchers) {
        throw new Problem('unavailable', `there are ${maxWatchers} watchers already`, { 'retry-after': '10' });
      }
      const header = request.headers['last-event-id'];
      const lastId = typeof header === 'string' ? header : request.query.lastEventId;
      const headers = reply.getHeaders();
      reply.hijack();
      reply.raw.writeHead(200, {
        ...Object.fromEntries(
          Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
        ),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      watch(context, { response: reply.raw, caller, query: request.query, lastId });
    },
  );
}

interface Watcher {
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly query: Static<typeof WatchQuery>;
  readonly lastId: string | undefined;
}

function watch(context: ApiContext, watcher: Watcher): void {
  const { response } = watcher;
  const { feed, metrics, clock } = context;
  const tell = deliverTo(context, watcher);
  response.write('retry: 2000\n\n');
  const resumption = watcher.lastId === undefined ? undefined : feed.since(watcher.lastId);
  if (resumption?.kind === 'Missed') {
    for (const change of resumption.changes) {
      tell(change);
    }
  } else {
    response.write(`id: ${feed.lastId}\nevent: ${resumption === undefined ? 'hello' : 'reset'}\ndata: {}\n\n`);
  }
  const unsubscribe = feed.subscribe(tell);
  metrics.watchers.set(feed.listeners);
  const cancelPing = repeat(clock, pingMs, () => write(context, response, ': ping\n\n'));
  const cancelEnd = clock.schedule(longestMs, () => response.end());
  response.once('close', () => {
    unsubscribe();
    cancelPing();
    cancelEnd();
    metrics.watchers.set(feed.listeners);
  });
  // A connection that breaks is closed too, which is all there is to know.
  response.on('error', () => undefined);
}

/** Tells changes in their order, each only when the client may list its kind there. */
function deliverTo(context: ApiContext, { response, caller, query }: Watcher): (change: NumberedChange) => void {
  const kinds = query.kinds === undefined ? undefined : new Set(query.kinds.split(','));
  let queue = Promise.resolve();
  let undecided = 0;
  const tell = async (change: NumberedChange) => {
    const { id, resource, ...shown } = change;
    const question = { verb: 'list', resource, namespace: change.namespace };
    const isAllowed =
      (await context.rights.may(caller, { verb: 'list', resource })) || (await context.rights.may(caller, question));
    if (isAllowed) {
      write(context, response, `id: ${id}\nevent: change\ndata: ${JSON.stringify(shown)}\n\n`);
    }
  };
  return (change) => {
    const isWanted =
      (kinds?.has(change.kind) ?? true) && (query.namespace === undefined || query.namespace === change.namespace);
    if (!isWanted || response.destroyed) {
      return;
    }
    if (undecided >= maxUndecided) {
      drop(context, response);
      return;
    }
    undecided += 1;
    queue = queue
      .then(() => tell(change))
      .catch((error: unknown) => {
        // What was not told must not be taken for told: the client comes back with the id before.
        context.log.warn('a watcher was sent away', { error: describeError(error) });
        response.destroy();
      })
      .finally(() => {
        undecided -= 1;
      });
  };
}

function write(context: ApiContext, response: ServerResponse, text: string): void {
  if (response.destroyed || response.writableEnded) {
    return;
  }
  response.write(text);
  if (response.writableLength > maxUnreadBytes) {
    drop(context, response);
  }
}

function drop({ metrics }: ApiContext, response: ServerResponse): void {
  metrics.watchersDropped.inc();
  response.destroy();
}
