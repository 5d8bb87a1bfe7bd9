/** Signing in and out of a browser, and who one is. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { describeError, isOperationError } from '../../core/errors.ts';
import type { SignInProvider } from '../../engine/ports/sign-in.ts';
import type { ApiContext, ApiRoutes } from './api-context.ts';
import { type AuthenticationParts, callerOfToken, requirePatience } from './authenticate.ts';
import { Problem } from './problem.ts';

export interface SignInContext extends AuthenticationParts, Pick<ApiContext, 'log'> {
  /** Undefined: people paste tokens. */
  readonly provider: SignInProvider | undefined;
  readonly prefix: string;
}

const Session = Type.Object({
  signedIn: Type.Boolean(),
  name: Type.Optional(Type.String({ description: 'As Kubernetes knows the caller.' })),
  groups: Type.Array(Type.String()),
  via: Type.String({ description: 'Token, Proxy, Session or Anonymous.' }),
  csrfToken: Type.Optional(
    Type.String({ description: 'A page sends it as X-CSRF-Token with whatever changes something.' }),
  ),
  provider: Type.Boolean({ description: 'GET auth/login leads to an identity provider.' }),
  anonymousRead: Type.Boolean({ description: 'Everybody may read without signing in.' }),
});

const longestToken = 65_536;

export function addSessionRoutes(routes: ApiRoutes, context: SignInContext): void {
  addWhoAmI(routes, context);
  const tags = ['Session'];
  routes.post(
    '/session',
    {
      schema: {
        tags,
        summary: 'Signs a browser in by a token of the cluster, which is kept in a sealed cookie.',
        body: Type.Object({ token: Type.String({ minLength: 1, maxLength: longestToken }) }),
        response: { 200: Type.Object({ csrfToken: Type.String() }) },
      },
    },
    async (request, reply) => {
      const { token } = request.body;
      await callerOfToken(context, token, request.peer.client);
      return { csrfToken: context.sessions.begin(reply, { token }).csrf };
    },
  );
  routes.delete(
    '/session',
    { schema: { tags, summary: 'Signs the browser out.', response: { 204: Type.Null() } } },
    async (_request, reply) => {
      context.sessions.end(reply);
      return reply.code(204).send(null);
    },
  );
}

function addWhoAmI(routes: ApiRoutes, context: SignInContext): void {
  const schema = {
    tags: ['Session'],
    summary: 'Who you are, and how you can sign in. Needs no token.',
    response: { 200: Session },
  };
  routes.get('/session', { schema }, async ({ identity }, reply) => {
    const { caller, via } = identity;
    // A proxy signs in by itself, and its browser needs something that pages of others do not know.
    const begun =
      via === 'Proxy' && caller && !identity.session ? context.sessions.begin(reply, { caller }) : undefined;
    const csrfToken = (identity.session ?? begun)?.csrf;
    return {
      signedIn: via !== 'Anonymous',
      ...(caller && { name: caller.name }),
      groups: [...(caller?.groups ?? [])],
      via,
      ...(csrfToken !== undefined && { csrfToken }),
      provider: context.provider !== undefined,
      anonymousRead: context.rights.anonymous !== undefined,
    };
  });
}

/** The way over the identity provider. It begins and ends in a browser, so its errors lead to a page. */
export function addSignInRoutes(scope: FastifyInstance, context: SignInContext): void {
  const { provider, sessions, failures } = context;
  if (!provider) {
    return;
  }
  scope.get('/auth/login', async (request: FastifyRequest<{ Querystring: { return?: unknown } }>, reply) => {
    try {
      requirePatience(failures, request.peer.client);
      const { url, attempt } = await provider.begin();
      sessions.beginSignIn(reply, attempt, localPath(context, request.query.return));
      return reply.redirect(url);
    } catch (error) {
      return fail(context, { request, reply, error });
    }
  });
  scope.get('/auth/callback', async (request, reply) => {
    try {
      requirePatience(failures, request.peer.client);
      const attempt = sessions.takeSignIn(request, reply);
      if (!attempt) {
        throw new Problem('unauthorized', 'this browser has not begun to sign in, or did so too long ago');
      }
      const callback = new URL(request.url, 'http://unused.invalid');
      const caller = await provider.finish(callback, attempt);
      sessions.begin(reply, { caller });
      return reply.redirect(attempt.returnTo);
    } catch (error) {
      failures.note(request.peer.client);
      return fail(context, { request, reply, error });
    }
  });
}

/** A path of ours; whatever else was asked for leads to the first page. */
function localPath({ prefix }: SignInContext, asked: unknown): string {
  const home = `${prefix}/`;
  const isPlain = typeof asked === 'string' && /^\/[\x21-\x7e]*$/.test(asked) && !/[\\@]|^\/\//.test(asked);
  return isPlain && asked.startsWith(home) && asked.length <= 1_024 ? asked : home;
}

interface Failed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly error: unknown;
}

/** What a browser is told is one word: what went wrong stands in the log. @throws the error, for programs */
function fail({ log, prefix }: SignInContext, { request, reply, error }: Failed): FastifyReply {
  log.warn('sign-in failed', { error: describeError(error), from: request.peer.client });
  if (request.headers.accept?.includes('text/html') !== true) {
    throw error;
  }
  const isAway = isOperationError(error, 'PROVIDER_UNAVAILABLE');
  return reply.redirect(`${prefix}/sign-in?error=${isAway ? 'unavailable' : 'refused'}`);
}
