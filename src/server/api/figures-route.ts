/** How often, how quickly, how often badly, and how quickly it is good again: over the Updates that the caller may list. */
import Type, { type Static } from 'typebox';
import { figuresOf } from '../../core/update/figures.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { type ApiContext, type ApiRoutes, NamespaceParameter } from './api-context.ts';
import { listedUpdates } from './update-routes.ts';

const usualDays = 30;

const FiguresQuery = Type.Object(
  {
    namespace: NamespaceParameter,
    days: Type.Optional(
      Type.Integer({ description: 'Over so many days before now.', minimum: 1, maximum: 366, default: usualDays }),
    ),
  },
  { additionalProperties: false },
);

export const FiguresSchema = Type.Object(
  {
    days: Type.Integer({ description: 'Over so many days before now, as far as Updates are kept.' }),
    deployments: Type.Integer({ description: 'Updates that put a new version in place.' }),
    failed: Type.Integer({ description: 'Those of them that went back or have to be looked at.' }),
    perDay: Type.Number({ description: 'Deployment frequency.' }),
    failureShare: Type.Optional(
      Type.Number({ description: 'Change failure rate, from 0 to 1; absent while there was none.' }),
    ),
    leadTimeMs: Type.Optional(
      Type.Number({ description: 'Lead time: median from a version being found to its success, in milliseconds.' }),
    ),
    restoreTimeMs: Type.Optional(
      Type.Number({
        description: 'Time to restore: median from the verdict to the former version being well, in milliseconds.',
      }),
    ),
  },
  { description: 'The four numbers of DORA.' },
);

export type FiguresView = Static<typeof FiguresSchema>;

export function addFiguresRoute(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Updates'],
    summary:
      'Deployment frequency, change failure rate, lead time and time to restore, over the Updates that you may list.',
    querystring: FiguresQuery,
    response: { 200: FiguresSchema },
  };
  routes.get('/figures', { schema }, async (request) => {
    const { namespace, days = usualDays } = request.query;
    const updates = await listedUpdates(context, request, namespace);
    const { failureShare, leadTimeMs, restoreTimeMs, ...counts } = figuresOf(
      updates.map(endedOf),
      days,
      context.clock.now(),
    );
    return {
      days,
      ...counts,
      ...(failureShare !== undefined && { failureShare }),
      ...(leadTimeMs !== undefined && { leadTimeMs }),
      ...(restoreTimeMs !== undefined && { restoreTimeMs }),
    };
  });
}

function endedOf({ metadata, status }: UpdateObjectWire) {
  const backAt = status?.steps?.findLast(({ name }) => name === 'RollBack')?.startedAt;
  return {
    createdAt: new Date(metadata.creationTimestamp),
    phase: status?.phase ?? ('Pending' as const),
    finishedAt: status?.finishedAt === undefined ? undefined : new Date(status.finishedAt),
    backAt: backAt === undefined ? undefined : new Date(backAt),
  };
}
