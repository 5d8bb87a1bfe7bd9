/** What stands in the cluster of an App, as a tree of objects and pods, and what an Update changes of it, file by file. */
import Type, { type Static } from 'typebox';
import { isWorkloadKind } from '../../core/workload/workload.ts';
import type { StandingObject, UpdateChanges } from '../../engine/deploy/standing.ts';
import type { PodState } from '../../engine/ports/pod-reports.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, ObjectParameters } from './api-context.ts';
import { findApp } from './app-routes.ts';
import type { ApiBackend } from './backend.ts';
import { ResourceSchema } from './schemas.ts';
import { findUpdate } from './update-routes.ts';
import { type ResourceWithPods, resourcesOf, viewOfWorkload } from './views.ts';

const PodSchema = Type.Object({
  name: Type.String(),
  phase: Type.String({ description: 'Pending, Running, Succeeded, Failed or Unknown.' }),
  startedAt: Type.String({ description: 'RFC 3339; empty before it has started.' }),
  message: Type.String({ description: 'Why it does not run, in a word of Kubernetes.' }),
  ready: Type.Integer({ description: 'Containers that are ready.' }),
  containers: Type.Integer(),
  restarts: Type.Integer(),
  images: Type.Array(Type.String(), { description: 'Of its containers, as the pod has them.' }),
  owner: Type.Optional(
    Type.Object(
      { kind: Type.String(), name: Type.String() },
      { description: 'What made it, e.g. the ReplicaSet of a Deployment.' },
    ),
  ),
});

const TreeItem = Type.Object({
  ...ResourceSchema.properties,
  apiVersion: Type.Optional(Type.String()),
  drift: Type.Optional(Type.String({ description: 'What somebody else changed of it, as a sentence.' })),
  pods: Type.Optional(Type.Array(PodSchema, { description: 'Absent without the right to list pods.' })),
});

const TreeSchema = Type.Object({ items: Type.Array(TreeItem), total: Type.Integer() });

const ChangeSchema = Type.Object({
  kind: Type.String(),
  namespace: Type.String({ description: 'Empty for objects of the whole cluster.' }),
  name: Type.String(),
  file: Type.Optional(Type.String({ description: 'File that it was read from.' })),
  change: Type.Enum(['Created', 'Configured', 'Unchanged', 'Pruned']),
  lines: Type.Array(Type.String(), {
    description: 'Field by field, `~ path: before -> after`; what Secrets hold is left out.',
  }),
  done: Type.Optional(
    Type.Boolean({ description: 'Whether the cluster has it so; absent where something newer came.' }),
  ),
});

const ChangesSchema = Type.Object({
  kept: Type.Boolean({ description: 'False: what it changed is not known any more, or not object by object.' }),
  objects: Type.Array(ChangeSchema),
  values: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Of the values of a Helm release; only for whoever may read Secrets there, because they may hold such.',
    }),
  ),
});

export type ResourceTree = Static<typeof TreeSchema>;
export type ChangesView = Static<typeof ChangesSchema>;

const timeoutMs = 15_000;
const mostItems = 2_000;

export function addResourceRoutes(routes: ApiRoutes, context: ApiContext): void {
  addTree(routes, context);
  addChanges(routes, context);
}

function addTree(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Apps'],
    summary: 'The objects that an App put in place, with their health, what others changed of them, and their pods.',
    description: 'Read when it is asked for. Pods are there for whoever may list them in the namespace of the App.',
    params: ObjectParameters,
    response: { 200: TreeSchema },
  };
  routes.get('/apps/:namespace/:name/resources', { schema }, async (request) => {
    const { namespace } = request.params;
    const caller = callerOf(request);
    await context.rights.require(caller, { verb: 'get', resource: 'apps', ...request.params });
    const app = findApp(context, request.params);
    const backend = backendOf(context);
    const signal = AbortSignal.timeout(timeoutMs);
    const all = await objectsOf(backend, app, signal);
    const mayListPods = await context.rights.may(caller, { verb: 'list', group: '', resource: 'pods', namespace });
    const shown = all.slice(0, mostItems).map(async (item) => await withPods(backend, item, mayListPods, signal));
    return { items: await Promise.all(shown), total: all.length };
  });
}

type Item = ResourceWithPods & Partial<Pick<StandingObject, 'apiVersion' | 'drift'>>;

async function objectsOf(backend: ApiBackend, app: AppObjectWire, signal: AbortSignal): Promise<readonly Item[]> {
  const standing = await backend.standingOf(app, signal);
  return standing === undefined ? resourcesOf(app, backend) : standing.map((object) => itemOf(object, backend));
}

function itemOf(object: StandingObject, backend: ApiBackend): Item {
  const { kind, namespace, name } = object;
  const workload = isWorkloadKind(kind) ? backend.findWorkload({ kind, namespace, name }) : undefined;
  return workload === undefined ? object : { ...viewOfWorkload(workload), ...object };
}

async function withPods(
  backend: ApiBackend,
  { podSelector, ...item }: Item,
  mayListPods: boolean,
  signal: AbortSignal,
): Promise<Static<typeof TreeItem>> {
  if (podSelector === undefined || !mayListPods) {
    return item;
  }
  const pods = await backend.pods.list(item.namespace, podSelector, signal);
  return { ...item, pods: pods.map(showPod) };
}

function showPod({ containers, owner, ...pod }: PodState): Static<typeof PodSchema> {
  const { name, phase, startedAt, message, restarts } = pod;
  const ready = containers.filter((one) => one.ready).length;
  const images = containers.map(({ image }) => image);
  return {
    name,
    phase,
    startedAt,
    message,
    restarts,
    ready,
    containers: containers.length,
    images,
    ...(owner && { owner }),
  };
}

function addChanges(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Updates'],
    summary: 'What an Update changes, object by object and field by field, with the files they come from.',
    description: 'For Apps made of manifests and of Helm charts. Needs the verb get on updates/objects.',
    params: ObjectParameters,
    response: { 200: ChangesSchema },
  };
  routes.get('/updates/:namespace/:name/objects', { schema }, async (request) => {
    const { namespace } = request.params;
    const caller = callerOf(request);
    await context.rights.require(caller, {
      verb: 'get',
      resource: 'updates',
      subresource: 'objects',
      ...request.params,
    });
    const update = findUpdate(context, request.params);
    const changes = await backendOf(context).changesOf(update, AbortSignal.timeout(timeoutMs));
    const mayReadSecrets = await context.rights.may(caller, { verb: 'get', group: '', resource: 'secrets', namespace });
    return changes === undefined ? { kept: false, objects: [] } : showChanges(changes, mayReadSecrets);
  });
}

function showChanges({ objects, values }: UpdateChanges, mayReadSecrets: boolean): ChangesView {
  return {
    kept: true,
    objects: objects.slice(0, mostItems).map((change) => ({ ...change, lines: [...change.lines] })),
    ...(values !== undefined && mayReadSecrets && { values: [...values] }),
  };
}
