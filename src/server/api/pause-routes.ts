/** "Not now" for all Apps at once. It is a hold on each, so that everybody sees it where they look, and one App can be let go. */
import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { durationPattern } from '../../core/duration.ts';
import { vetoAnnotation } from '../../core/gates/veto.ts';
import type { AppObjectWire } from '../../resources/decode-app.ts';
import { actorOf, endOf } from './action-routes.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, NamespaceParameter } from './api-context.ts';

/** By which resuming knows what pausing has set. */
const mark = 'everything is paused: ';
const atOnce = 8;
const timeoutMs = 120_000;

const Outcome = Type.Object({
  apps: Type.Integer({ description: 'Apps that were changed.' }),
  skipped: Type.Integer({ description: 'Apps that were so already, or on which you have no right.' }),
});

const Pause = Type.Object(
  {
    namespace: NamespaceParameter,
    reason: Type.Optional(Type.String({ description: 'Why.', maxLength: 512 })),
    for: Type.Optional(Type.String({ description: 'For how long, e.g. 2h.', pattern: durationPattern, maxLength: 32 })),
  },
  { additionalProperties: false },
);

export function addPauseRoutes(routes: ApiRoutes, context: ApiContext): void {
  routes.post(
    '/pause',
    {
      schema: {
        tags: ['Actions'],
        summary: 'Holds every App on which you have the verb hold; those that are held already stay as they are.',
        body: Pause,
        response: { 200: Outcome },
      },
    },
    async (request) => {
      const until = endOf(context, request.body.for);
      const actor = actorOf(context, request, `${mark}${request.body.reason ?? 'no reason is given'}`);
      return await forAll(context, request, {
        isMeant: (app) => app.metadata.annotations?.[vetoAnnotation] === undefined,
        act: (app, signal) => backendOf(context).actions.hold(app.metadata, until, actor, signal),
      });
    },
  );
  routes.post(
    '/resume',
    {
      schema: {
        tags: ['Actions'],
        summary: 'Lifts what pausing has set; other holds stay.',
        body: Pause,
        response: { 200: Outcome },
      },
    },
    async (request) => {
      const actor = actorOf(context, request, request.body.reason);
      return await forAll(context, request, {
        isMeant: (app) => app.metadata.annotations?.[vetoAnnotation]?.startsWith(mark) === true,
        act: (app, signal) => backendOf(context).actions.unhold(app.metadata, actor, signal),
      });
    },
  );
}

interface Each {
  readonly isMeant: (app: AppObjectWire) => boolean;
  readonly act: (app: AppObjectWire, signal: AbortSignal) => Promise<void>;
}

async function forAll(
  context: ApiContext,
  request: FastifyRequest<{ Body: Static<typeof Pause> }>,
  { isMeant, act }: Each,
): Promise<Static<typeof Outcome>> {
  const { namespace } = request.body;
  const all = backendOf(context)
    .listApps()
    .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  const isAllowed = await context.rights.namespacesWith(
    callerOf(request),
    { verb: 'hold', resource: 'apps' },
    all.map(({ metadata }) => metadata.namespace),
  );
  const meant = all.filter((app) => isAllowed(app.metadata.namespace) && isMeant(app));
  const signal = AbortSignal.timeout(timeoutMs);
  for (let start = 0; start < meant.length; start += atOnce) {
    await Promise.all(meant.slice(start, start + atOnce).map((app) => act(app, signal)));
  }
  return { apps: meant.length, skipped: all.length - meant.length };
}
