/** Apps: the list, one of them, and the versions its sources have. */
import Type, { type Static } from 'typebox';
import type { Caller } from '../../core/access/caller.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import {
  type ApiContext,
  type ApiRoutes,
  backendOf,
  callerOf,
  NamespaceParameter,
  ObjectParameters,
} from './api-context.ts';
import { appStates } from './glance.ts';
import { PageOf, pageOf, pageParameters } from './paging.ts';
import { Problem } from './problem.ts';
import { AppSchema, type AppSummary, AppSummarySchema, CandidatesSchema } from './schemas.ts';
import { showApp, summarizeApp } from './views.ts';

const AppQuery = Type.Object(
  {
    namespace: NamespaceParameter,
    q: Type.Optional(
      Type.String({ description: 'Text that namespace, name, labels or versions contain.', maxLength: 256 }),
    ),
    state: Type.Optional(
      Type.String({ description: `Only these states, parted by commas: ${appStates.join(', ')}.`, maxLength: 256 }),
    ),
    waiting: Type.Optional(Type.String({ description: 'Only those that wait for this reason.', maxLength: 64 })),
    deploy: Type.Optional(Type.String({ description: 'Only this kind of deploy, e.g. helm.', maxLength: 32 })),
    ...pageParameters,
  },
  { additionalProperties: false },
);

/** How many of each state there are, over all pages and regardless of the state asked for. */
const Counts = Type.Record(Type.String(), Type.Integer(), { description: 'Apps by state.' });

const AppPage = Type.Object({ ...PageOf(AppSummarySchema, '').properties, states: Counts });

export function addAppRoutes(routes: ApiRoutes, context: ApiContext): void {
  addList(routes, context);
  addOne(routes, context);
  addCandidates(routes, context);
}

function addList(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Apps'],
    summary: 'All Apps that you may list, by namespace and name.',
    querystring: AppQuery,
    response: { 200: AppPage },
  };
  routes.get('/apps', { schema }, async (request) => {
    const { query } = request;
    const backend = backendOf(context);
    const all = backend.listApps();
    const apps = query.namespace === undefined ? all : all.filter(inNamespace(query.namespace));
    const isAllowed = await context.rights.namespacesWith(
      callerOf(request),
      { verb: 'list', resource: 'apps' },
      apps.map(({ metadata }) => metadata.namespace),
    );
    const found = apps
      .filter(({ metadata }) => isAllowed(metadata.namespace))
      .map((app) => recall(app, backend.updatesOf(app.metadata.namespace, app.metadata.name)[0]))
      .filter((app) => matches(app, query))
      .map(({ summary }) => summary);
    const states = new Set(query.state?.split(','));
    const shown = query.state === undefined ? found : found.filter(({ state }) => states.has(state));
    return { ...pageOf(sortByKey(shown), keyOf, query), states: countStates(found) };
  });
}

function addOne(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Apps'],
    summary: 'One App with its sources, the objects it looks after and its history.',
    params: ObjectParameters,
    response: { 200: AppSchema },
  };
  routes.get('/apps/:namespace/:name', { schema }, async (request) => {
    await context.rights.require(callerOf(request), { verb: 'get', resource: 'apps', ...request.params });
    const app = showApp(findApp(context, request.params), backendOf(context));
    return { ...app, mayDo: await verbsOn(context, request, 'apps', ['check', 'deploy', 'hold', 'rollback']) };
  });
}

function addCandidates(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Apps'],
    summary: 'Every version that the sources of an App have, and why each is or is not taken.',
    params: ObjectParameters,
    response: { 200: Type.Object({ sources: Type.Array(CandidatesSchema) }) },
  };
  routes.get('/apps/:namespace/:name/candidates', { schema }, async (request) => {
    await context.rights.require(callerOf(request), { verb: 'get', resource: 'apps', ...request.params });
    const app = findApp(context, request.params);
    const sources = await backendOf(context).candidatesOf(app, AbortSignal.timeout(askTimeoutMs));
    return {
      sources: sources.map((one) => ({ ...one, candidates: [...one.candidates], rejected: [...one.rejected] })),
    };
  });
}

const askTimeoutMs = 15_000;

/** @throws Problem `not-found` */
export function findApp(
  context: ApiContext,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): AppObjectWire {
  const app = backendOf(context).findApp(namespace, name);
  if (!app) {
    throw new Problem('not-found', `there is no App ${namespace}/${name}`);
  }
  return app;
}

/** Which of the verbs the caller has on the object of the request. */
export async function verbsOn(
  { rights }: ApiContext,
  request: {
    readonly caller: Caller | undefined;
    readonly params: { readonly namespace: string; readonly name: string };
  },
  resource: string,
  verbs: readonly string[],
): Promise<string[]> {
  const caller = callerOf(request);
  const answers = await Promise.all(verbs.map((verb) => rights.may(caller, { verb, resource, ...request.params })));
  return verbs.filter((_, index) => answers[index]);
}

interface Recalled {
  readonly last: UpdateObjectWire | undefined;
  readonly summary: AppSummary;
  /** What text is looked for in. */
  readonly searched: readonly string[];
}

/** Watched copies are never changed, only replaced: what is said of one holds as long as it is there. */
const recalled = new WeakMap<AppObjectWire, Recalled>();

/** Each key that is typed into a filter asks anew of all Apps, few of which have changed. */
function recall(app: AppObjectWire, last: UpdateObjectWire | undefined): Recalled {
  const before = recalled.get(app);
  if (before !== undefined && before.last === last) {
    return before;
  }
  const summary = summarizeApp(app, last);
  const made = { last, summary, searched: textsOf(summary) };
  recalled.set(app, made);
  return made;
}

function inNamespace(namespace: string) {
  return ({ metadata }: AppObjectWire) => metadata.namespace === namespace;
}

function matches({ summary: app, searched }: Recalled, { q, waiting, deploy }: Static<typeof AppQuery>): boolean {
  const isReason = waiting === undefined || (app.update?.open ? app.update.waiting : app.waiting)?.reason === waiting;
  const isKind = deploy === undefined || app.deploy === deploy;
  const text = q?.toLowerCase();
  return isReason && isKind && (text === undefined || searched.some((one) => one.includes(text)));
}

function textsOf({ namespace, name, labels, current, available }: AppSummary): readonly string[] {
  const labelTexts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [`${namespace}/${name}`, current, available, ...labelTexts].map((one) => one.toLowerCase());
}

function countStates(apps: readonly AppSummary[]): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(appStates.map((state) => [state, 0]));
  for (const { state } of apps) {
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

/** Namespaces and names have no character below the dash but the dot, and none a blank. */
function keyOf({ namespace, name }: AppSummary): string {
  return `${namespace} ${name}`;
}

function sortByKey(apps: readonly AppSummary[]): readonly AppSummary[] {
  const keyed = apps.map((app) => [keyOf(app), app] as const);
  return keyed.toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, app]) => app);
}
