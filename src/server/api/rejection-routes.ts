/** Versions that must not be taken again. */
import Type from 'typebox';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, NamespaceParameter } from './api-context.ts';
import { PageOf, pageOf, pageParameters } from './paging.ts';
import { RejectionSchema } from './schemas.ts';
import { showRejection } from './views.ts';

const RejectionQuery = Type.Object(
  {
    namespace: NamespaceParameter,
    app: Type.Optional(Type.String({ description: 'Only those that hold for the App of this name.', maxLength: 253 })),
    ...pageParameters,
  },
  { additionalProperties: false },
);

export function addRejectionRoutes(routes: ApiRoutes, context: ApiContext): void {
  routes.get(
    '/rejections',
    {
      schema: {
        tags: ['Rejections'],
        summary: 'Versions that must not be taken again, by namespace and name.',
        querystring: RejectionQuery,
        response: { 200: PageOf(RejectionSchema, 'Rejections.') },
      },
    },
    async (request) => {
      const { query } = request;
      const all = backendOf(context).listRejections();
      const wanted = all.filter(
        (one) =>
          (query.namespace === undefined || one.namespace === query.namespace) &&
          (query.app === undefined || one.app === undefined || one.app === query.app),
      );
      const question = { verb: 'list', resource: 'rejections' };
      const isAllowed = await context.rights.namespacesWith(
        callerOf(request),
        question,
        wanted.map(({ namespace }) => namespace),
      );
      const shown = wanted.filter(({ namespace }) => isAllowed(namespace)).map(showRejection);
      return pageOf(
        shown.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1)),
        keyOf,
        query,
      );
    },
  );
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace} ${name}`;
}
