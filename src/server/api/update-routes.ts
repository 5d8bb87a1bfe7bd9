/** Updates: the history with its search, one of them with its steps, and what waits for people. */
import Type, { type Static } from 'typebox';
import type { WaitingReason } from '../../core/waiting.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import {
  type ApiContext,
  type ApiRoutes,
  backendOf,
  callerOf,
  NamespaceParameter,
  ObjectParameters,
} from './api-context.ts';
import { verbsOn } from './app-routes.ts';
import { PageOf, pageOf, pageParameters } from './paging.ts';
import { Problem } from './problem.ts';
import { ApprovalSchema, UpdateSchema, type UpdateSummary, UpdateSummarySchema } from './schemas.ts';
import { showUpdate, summarizeUpdate } from './views.ts';

const text = (description: string) => Type.Optional(Type.String({ description, maxLength: 256 }));
const moment = (description: string) => Type.Optional(Type.String({ description, format: 'date-time', maxLength: 64 }));

const UpdateQuery = Type.Object(
  {
    namespace: NamespaceParameter,
    app: text('Only Updates of the App of this name.'),
    q: text('Text that namespace, App, versions, reasons or names contain.'),
    phase: text('Only these phases, parted by commas, e.g. RolledBack,Failed.'),
    open: Type.Optional(Type.Boolean({ description: 'Only those that have not ended, or only those that have.' })),
    by: text('Only those that this person or part of the product started or approved.'),
    since: moment('Only those that began at this time or later.'),
    until: moment('Only those that began before this time.'),
    ...pageParameters,
  },
  { additionalProperties: false },
);

type Filter = Static<typeof UpdateQuery>;

export function addUpdateRoutes(routes: ApiRoutes, context: ApiContext): void {
  addHistory(routes, context);
  addOne(routes, context);
  addApprovals(routes, context);
}

function addHistory(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Updates'],
    summary: 'The history: Updates that you may list, newest first.',
    querystring: UpdateQuery,
    response: { 200: PageOf(UpdateSummarySchema, 'Updates, newest first.') },
  };
  routes.get('/updates', { schema }, async (request) => {
    const { query } = request;
    const listed = await listedUpdates(context, request, query.namespace);
    const found = listed.map(summarizeUpdate).filter((update) => matches(update, query));
    return pageOf(newestFirst(found), keyOf, query);
  });
}

function addOne(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Updates'],
    summary: 'One Update: its steps, what it changes and what going back would set.',
    params: ObjectParameters,
    response: { 200: UpdateSchema },
  };
  routes.get('/updates/:namespace/:name', { schema }, async (request) => {
    await context.rights.require(callerOf(request), { verb: 'get', resource: 'updates', ...request.params });
    const update = showUpdate(findUpdate(context, request.params));
    const { namespace } = request.params;
    const onApp = { caller: request.caller, params: { namespace, name: update.app } };
    const [own, ofApp] = await Promise.all([
      verbsOn(context, request, 'updates', ['approve', 'reject']),
      verbsOn(context, onApp, 'apps', ['rollback']),
    ]);
    const releaseNotes = backendOf(context).findApp(namespace, update.app)?.spec.notify?.releaseNotes;
    return { ...update, ...(releaseNotes !== undefined && { releaseNotes }), mayDo: [...own, ...ofApp] };
  });
}

function addApprovals(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Updates'],
    summary: 'Updates that wait for people, longest waiting first.',
    querystring: Type.Object({ namespace: NamespaceParameter }, { additionalProperties: false }),
    response: { 200: Type.Object({ items: Type.Array(ApprovalSchema) }) },
  };
  routes.get('/approvals', { schema }, async (request) => {
    const caller = callerOf(request);
    const listed = await listedUpdates(context, request, request.query.namespace);
    const waiting = newestFirst(listed.map(summarizeUpdate).filter(waitsForPeople)).toReversed();
    const items = waiting.map(async (update) => {
      const { namespace, name, approvals } = update;
      const mayApprove = await context.rights.may(caller, { verb: 'approve', resource: 'updates', namespace, name });
      return { update, mayApprove, hasApproved: approvals.some(({ by }) => by === caller.name) };
    });
    return { items: await Promise.all(items) };
  });
}

/** @throws Problem `not-found` */
export function findUpdate(
  context: ApiContext,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): UpdateObjectWire {
  const update = backendOf(context).findUpdate(namespace, name);
  if (!update) {
    throw new Problem('not-found', `there is no Update ${namespace}/${name}`);
  }
  return update;
}

/** Those that the caller may list. */
export async function listedUpdates(
  context: ApiContext,
  request: Parameters<typeof callerOf>[0],
  namespace: string | undefined,
): Promise<readonly UpdateObjectWire[]> {
  const all = backendOf(context).listUpdates();
  const updates = namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  const namespaces = updates.map(({ metadata }) => metadata.namespace);
  const question = { verb: 'list', resource: 'updates' };
  const isAllowed = await context.rights.namespacesWith(callerOf(request), question, namespaces);
  return updates.filter(({ metadata }) => isAllowed(metadata.namespace));
}

const asksPeople: ReadonlySet<string> = new Set<WaitingReason>([
  'ApprovalRequired',
  'TooManyRollbacks',
  'TestInconclusive',
  'RestoreApproval',
]);

function waitsForPeople({ open, waiting }: UpdateSummary): boolean {
  return open && asksPeople.has(waiting?.reason ?? '');
}

function matches(update: UpdateSummary, filter: Filter): boolean {
  const began = Date.parse(update.startedAt ?? update.createdAt);
  const tests = [
    filter.app === undefined || update.app === filter.app,
    filter.open === undefined || update.open === filter.open,
    filter.phase === undefined || filter.phase.split(',').includes(update.phase),
    filter.since === undefined || began >= Date.parse(filter.since),
    filter.until === undefined || began < Date.parse(filter.until),
    filter.by === undefined || peopleOf(update).includes(filter.by),
    filter.q === undefined || contains(update, filter.q.toLowerCase()),
  ];
  return tests.every((test) => test);
}

function peopleOf({ trigger, approvals }: UpdateSummary): readonly string[] {
  return [trigger.by, ...approvals.map(({ by }) => by)];
}

function contains(update: UpdateSummary, wanted: string): boolean {
  const versions = update.changes.flatMap(({ source, repository, from, to }) =>
    [source, repository, from.tag, to.tag, from.digest, to.digest].flatMap((one) => one ?? []),
  );
  const texts = [
    `${update.namespace}/${update.name}`,
    update.app,
    update.trigger.reason,
    update.failure?.message ?? '',
    update.waiting?.message ?? '',
    ...peopleOf(update),
    ...versions,
  ];
  return texts.some((one) => one.toLowerCase().includes(wanted));
}

/** Grows from the newest to the oldest, as pages go. */
function keyOf({ startedAt, createdAt, namespace, name }: UpdateSummary): string {
  const farFuture = 8_640_000_000_000_000;
  const age = farFuture - Date.parse(startedAt ?? createdAt);
  return `${String(age).padStart(17, '0')} ${namespace} ${name}`;
}

function newestFirst(updates: readonly UpdateSummary[]): readonly UpdateSummary[] {
  const keyed = updates.map((update) => ({ update, key: keyOf(update) }));
  return keyed.toSorted((left, right) => (left.key < right.key ? -1 : 1)).map(({ update }) => update);
}
