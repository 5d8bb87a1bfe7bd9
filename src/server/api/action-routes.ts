/** What people and programs may do. Each asks for a verb of its own, and is kept with the object: who, when, from where and why. */
import type { FastifyRequest, FastifySchema } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import { durationPattern, parseDuration } from '../../core/duration.ts';
import type { Actor, ObjectName } from '../../engine/act/record-action.ts';
import { type ApiContext, type ApiRoutes, backendOf, callerOf, ObjectParameters } from './api-context.ts';
import { Problem } from './problem.ts';

const Reason = Type.Optional(
  Type.String({ description: 'Why; everybody who looks at the record sees it.', maxLength: 1_024 }),
);
const For = Type.Optional(
  Type.String({
    description: 'For how long, e.g. 2h; until it is lifted when absent.',
    pattern: durationPattern,
    maxLength: 32,
  }),
);

const Reasoned = Type.Object({ reason: Reason }, { additionalProperties: false });

/** An action is bounded in time; a registry may be slow. */
const actionTimeoutMs = 30_000;

export function addActionRoutes(routes: ApiRoutes, context: ApiContext): void {
  addAppActions(routes, context);
  addHold(routes, context);
  addRollback(routes, context);
  addRestore(routes, context);
  addUpdateActions(routes, context);
  addChannelActions(routes, context);
  addLift(routes, context);
}

interface Action<Body extends TSchema, Answer extends TSchema> {
  readonly path: string;
  readonly resource: 'apps' | 'updates' | 'channels';
  readonly verb: string;
  readonly summary: string;
  readonly body: Body;
  readonly answer: Answer;
  readonly run: (asked: {
    readonly name: ObjectName;
    readonly body: Static<Body>;
    readonly actor: Actor;
    readonly signal: AbortSignal;
  }) => Promise<Static<Answer>>;
}

function addAction<Body extends TSchema, Answer extends TSchema>(
  routes: ApiRoutes,
  context: ApiContext,
  action: Action<Body, Answer>,
): void {
  const { resource, verb, summary, body, answer } = action;
  const schema: FastifySchema = {
    tags: ['Actions'],
    summary,
    params: ObjectParameters,
    body,
    response: { 200: answer },
  };
  routes.post(`/${resource}/:namespace/:name/${action.path}`, { schema }, async (request) => {
    const name = request.params as Static<typeof ObjectParameters>;
    await context.rights.require(callerOf(request), { verb, resource, ...name });
    const asked = request.body as Static<Body> & { readonly reason?: string };
    const signal = AbortSignal.timeout(actionTimeoutMs);
    return await action.run({ name, body: asked, actor: actorOf(context, request, asked.reason), signal });
  });
}

/** As the engine wants to know who acts. */
export function actorOf(
  context: ApiContext,
  request: Pick<FastifyRequest, 'caller' | 'peer'>,
  reason: string | undefined,
): Actor {
  const caller = callerOf(request);
  return {
    caller,
    from: request.peer.client,
    reason: reason ?? '',
    reviews: {
      whoAmI: async () => caller.name,
      may: (verb, on) => context.rights.may(caller, { verb, ...on }),
    },
  };
}

const Done = Type.Object({ message: Type.String({ description: 'What was done, for people.' }) });

function addAppActions(routes: ApiRoutes, context: ApiContext): void {
  addAction(routes, context, {
    path: 'check',
    resource: 'apps',
    verb: 'check',
    summary: 'Looks at the sources of an App now.',
    body: Reasoned,
    answer: Done,
    async run({ name, actor, signal }) {
      await backendOf(context).actions.check(name, actor, signal);
      return { message: `the sources of ${name.name} are looked at` };
    },
  });
  addAction(routes, context, {
    path: 'update',
    resource: 'apps',
    verb: 'deploy',
    summary: 'Begins the Update of an App that waits for its time; people and vetoes are still waited for.',
    body: Reasoned,
    answer: Type.Object({ ...Done.properties, update: Type.Optional(Type.String()) }),
    async run({ name, actor, signal }) {
      const update = await backendOf(context).actions.updateNow(name, actor, signal);
      return update === undefined
        ? { message: `no Update of ${name.name} waits; its sources are looked at` }
        : { message: `Update ${update} does not wait for its time`, update };
    },
  });
}

function addHold(routes: ApiRoutes, context: ApiContext): void {
  addAction(routes, context, {
    path: 'hold',
    resource: 'apps',
    verb: 'hold',
    summary: 'Says "not now" for an App: no Update of it begins until the hold ends or is lifted.',
    body: Type.Object({ reason: Reason, for: For }, { additionalProperties: false }),
    answer: Type.Object({ ...Done.properties, until: Type.Optional(Type.String({ format: 'date-time' })) }),
    async run({ name, body, actor, signal }) {
      const until = endOf(context, body.for);
      await backendOf(context).actions.hold(name, until, actor, signal);
      return { message: `${name.name} is held`, ...(until && { until: until.toISOString() }) };
    },
  });
  addAction(routes, context, {
    path: 'unhold',
    resource: 'apps',
    verb: 'hold',
    summary: 'Lifts the hold of an App.',
    body: Reasoned,
    answer: Done,
    async run({ name, actor, signal }) {
      await backendOf(context).actions.unhold(name, actor, signal);
      return { message: `${name.name} is held no more` };
    },
  });
}

/** @param text as written, e.g. `2h` */
export function endOf({ clock }: Pick<ApiContext, 'clock'>, text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(clock.now().getTime() + parseDuration(text, 'for'));
}

function addRollback(routes: ApiRoutes, context: ApiContext): void {
  addAction(routes, context, {
    path: 'rollback',
    resource: 'apps',
    verb: 'rollback',
    summary: 'Goes back to what ran before, or to what an earlier Update brought; what is left is rejected.',
    body: Type.Object(
      {
        to: Type.Optional(
          Type.String({ description: 'An earlier Update that succeeded.', minLength: 1, maxLength: 253 }),
        ),
        reason: Reason,
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      kind: Type.String({ description: 'Started: an Update goes back. Stopping: the one under way goes back.' }),
      update: Type.String(),
      rejected: Type.Array(Type.String()),
    }),
    async run({ name, body, actor, signal }) {
      const answer = await backendOf(context).actions.rollBack(name, body.to, actor, signal);
      return { ...answer, rejected: [...answer.rejected] };
    },
  });
}

function addRestore(routes: ApiRoutes, context: ApiContext): void {
  addAction(routes, context, {
    path: 'restore',
    resource: 'apps',
    verb: 'rollback',
    summary:
      'Brings data back: answers an Update that asks, or goes back to before an Update that has a backup. Needs the verb approve on that Update too.',
    body: Type.Object(
      {
        to: Type.Optional(
          Type.String({
            description: 'The Update before which all is to be again; the newest with a backup when absent.',
            minLength: 1,
            maxLength: 253,
          }),
        ),
        keepData: Type.Optional(
          Type.Boolean({ description: 'Only for an Update that asks: it goes back, and the data stays as it is.' }),
        ),
        reason: Reason,
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      kind: Type.String({ description: 'Answered: the Update that asked goes on. Started: an Update goes back.' }),
      update: Type.String(),
      data: Type.Boolean({ description: 'The data comes back.' }),
      rejected: Type.Array(Type.String()),
    }),
    async run({ name, body, actor, signal }) {
      const request = { to: body.to, keepData: body.keepData ?? false };
      const answer = await backendOf(context).actions.restore(name, request, actor, signal);
      const { kind, update } = answer;
      return kind === 'Answered'
        ? { kind, update, data: answer.data, rejected: [] }
        : { kind, update, data: true, rejected: [...answer.rejected] };
    },
  });
}

const Approvals = Type.Object({
  approvals: Type.Array(Type.String(), { description: 'Everybody who has approved it.' }),
});

function addUpdateActions(routes: ApiRoutes, context: ApiContext): void {
  addAction(routes, context, {
    path: 'approve',
    resource: 'updates',
    verb: 'approve',
    summary: 'Approves an Update that waits for people, in your own name.',
    body: Reasoned,
    answer: Approvals,
    async run({ name, actor, signal }) {
      return { approvals: [...(await backendOf(context).actions.approve(name, actor, signal))] };
    },
  });
  addAction(routes, context, {
    path: 'reject',
    resource: 'updates',
    verb: 'reject',
    summary: 'Rejects the versions of an Update that waits for people; they are not taken again.',
    body: Reasoned,
    answer: Type.Object({ rejected: Type.Array(Type.String()) }),
    async run({ name, actor, signal }) {
      return { rejected: [...(await backendOf(context).actions.reject(name, actor, signal))] };
    },
  });
}

function addChannelActions(routes: ApiRoutes, context: ApiContext): void {
  addAction(routes, context, {
    path: 'approve',
    resource: 'channels',
    verb: 'approve',
    summary:
      'Approves the set that a Channel tries at the moment, in your own name; before it has passed its tests too.',
    body: Reasoned,
    answer: Approvals,
    async run({ name, actor, signal }) {
      return { approvals: [...(await backendOf(context).actions.approveCandidate(name, actor, signal))] };
    },
  });
}

function addLift(routes: ApiRoutes, context: ApiContext): void {
  const schema = {
    tags: ['Actions'],
    summary: 'Lifts a Rejection: its version may be taken again.',
    params: ObjectParameters,
    querystring: Reasoned,
    response: { 200: Done },
  };
  routes.delete('/rejections/:namespace/:name', { schema }, async (request) => {
    const { namespace, name } = request.params;
    await context.rights.require(callerOf(request), { verb: 'delete', resource: 'rejections', namespace, name });
    const { listRejections, actions } = backendOf(context);
    const rejection = listRejections().find((one) => one.namespace === namespace && one.name === name);
    if (!rejection) {
      throw new Problem('not-found', `there is no Rejection ${namespace}/${name}`);
    }
    const actor = actorOf(context, request, request.query.reason);
    await actions.lift(rejection, actor, AbortSignal.timeout(actionTimeoutMs));
    return { message: `${rejection.tag ?? rejection.digest} may be taken again` };
  });
}
