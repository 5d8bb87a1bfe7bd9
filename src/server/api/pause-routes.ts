/** "Not now" for all Apps at once. It is a hold on each, so that everybody sees it where they look, and one App can be let go. */
import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { durationPattern } from '../../core/duration.ts';
import { readVeto, vetoAnnotation } from '../../core/gates/veto.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { actorOf, endOf } from './action-routes.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, NamespaceParameter } from './api-context.ts';
import { PausedSchema, type PausedView } from './schemas.ts';

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
  addPaused(routes, context);
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
        isMeant: (app) => isPaused(app.metadata.annotations),
        act: (app, signal) => backendOf(context).actions.unhold(app.metadata, actor, signal),
      });
    },
  );
}

function addPaused(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Actions'],
    summary: 'Whether pausing holds Apps at the moment, and whether you may pause.',
    querystring: Type.Object({ namespace: NamespaceParameter }, { additionalProperties: false }),
    response: { 200: PausedSchema },
  };
  routes.get('/pause', { schema }, async (request) => {
    const caller = callerOf(request);
    const { namespace } = request.query;
    const all = backendOf(context).listApps();
    const meant = all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
    const namespaces = meant.map(({ metadata }) => metadata.namespace);
    const [maySee, mayHold] = await Promise.all(
      ['list', 'hold'].map((verb) => context.rights.namespacesWith(caller, { verb, resource: 'apps' }, namespaces)),
    );
    const seen = meant.filter(({ metadata }) => maySee?.(metadata.namespace));
    return { ...sayPaused(seen, context.clock.now()), mayPause: namespaces.some((one) => mayHold?.(one)) };
  });
}

function sayPaused(apps: readonly AppObjectWire[], now: Date): Omit<PausedView, 'mayPause'> {
  const holds = apps.map(({ metadata }) => metadata.annotations).filter(isPaused);
  const vetoes = holds.map((annotations) => readVeto(annotations, 'it'));
  const paused = vetoes.filter((veto) => veto !== undefined && (veto.until === undefined || veto.until > now));
  const [first] = paused;
  const ends = paused.flatMap((veto) => veto?.until ?? []).toSorted((left, right) => right.getTime() - left.getTime());
  const until = ends.length === paused.length ? ends[0] : undefined;
  return {
    apps: apps.length,
    paused: paused.length,
    ...(first && { reason: first.reason.slice(mark.length) }),
    ...(until && { until: until.toISOString() }),
  };
}

function isPaused(
  annotations: Readonly<Record<string, string>> | undefined,
): annotations is Readonly<Record<string, string>> {
  return annotations?.[vetoAnnotation]?.startsWith(mark) === true;
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
