/**
 * The HTTP API for people and programs, and the pages of the web UI.
 *
 * Everything under /api/v1 answers JSON or RFC 9457 problems; /api describes it. What anybody sends is bounded in size and time.
 */
import cookies from '@fastify/cookie';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { addActionRoutes } from './action-routes.ts';
import type { ApiContext, ApiRoutes, TypeBoxProvider } from './api-context.ts';
import { addDescription } from './api-description.ts';
import { addAppRoutes } from './app-routes.ts';
import { addApplierRoutes } from './applier-routes.ts';
import { authenticate } from './authenticate.ts';
import { addChannelRoutes } from './channel-routes.ts';
import { checkInput } from './check-input.ts';
import { addDeployRoute } from './deploy-route.ts';
import { answerUnchanged } from './entity-tags.ts';
import { addEnvironmentRoutes, type EnvironmentContext } from './environment-routes.ts';
import { addFiguresRoute } from './figures-route.ts';
import { addKeelChangeRoutes } from './keel-change-routes.ts';
import { addKeelRoutes } from './keel-routes.ts';
import { addLogRoutes } from './log-routes.ts';
import { addPages } from './pages.ts';
import { addPauseRoutes } from './pause-routes.ts';
import { addPolicyRoutes } from './policy-routes.ts';
import { Problem, sendProblem } from './problem.ts';
import { addRejectionRoutes } from './rejection-routes.ts';
import { type ApiRelay, handOn, peerOf } from './relay.ts';
import { addResourceRoutes } from './resource-routes.ts';
import type { Sealer } from './sealed.ts';
import { addSessionRoutes, addSignInRoutes, type SignInContext } from './session-routes.ts';
import { addSourceRoutes } from './source-routes.ts';
import { addUpdateRoutes } from './update-routes.ts';
import { addWatchRoute } from './watch-route.ts';

export interface ApiServerOptions extends EnvironmentContext, SignInContext {
  readonly sealer: Sealer;
  /** Undefined: there is one replica. */
  readonly relay?: ApiRelay | undefined;
  /** Path below which everything is, e.g. `/headgate`; empty: the root. */
  readonly prefix: string;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Folder with the built web UI; undefined: there is none. */
  readonly pages: string | undefined;
}

const maxBodyBytes = 1_048_576;
const maxConnections = 4_096;
const requestTimeoutMs = 10_000;

/** The server, not yet listening. */
export function createApiServer(options: ApiServerOptions): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 253, ignoreTrailingSlash: true },
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 },
  });
  // What a form of another site can send is no JSON.
  server.removeContentTypeParser('text/plain');
  server.setValidatorCompiler(checkInput);
  server.server.maxConnections = maxConnections;
  server.decorateRequest('caller', undefined);
  server.decorateRequest('identity');
  server.decorateRequest('peer');
  server.addHook('onRequest', setHeaders);
  server.addHook('onResponse', async (request, reply) => count(options, request, reply));
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, error, options.log));
  // Without a prefix the pages answer for every path.
  if (options.prefix !== '' || options.pages === undefined) {
    server.setNotFoundHandler((_request, reply) =>
      sendProblem(reply, new Problem('not-found', 'there is nothing at this path'), options.log),
    );
  }
  server.register(
    (scope, _options, done) => {
      addAll(scope, options).then(() => done(), done);
    },
    { prefix: options.prefix },
  );
  return server;
}

async function addAll(scope: FastifyInstance, options: ApiServerOptions): Promise<void> {
  await scope.register(cookies);
  await addDescription(scope, options.prefix);
  scope.register((others, _options, done) => {
    addOthers(others, options);
    done();
  });
  scope.register(
    (routes, _options, done) => {
      addRoutes(routes, options);
      done();
    },
    { prefix: '/api/v1' },
  );
  await addPages(scope, options);
}

/** What other systems' clients call; their paths and answers are theirs. */
function addOthers(scope: FastifyInstance, options: ApiServerOptions): void {
  addIdentity(scope, options);
  addSignInRoutes(scope, options);
  addKeelRoutes(scope, options);
  addKeelChangeRoutes(scope, options);
  scope.register((applier, _options, done) => {
    addApplierRoutes(applier, options);
    done();
  });
  scope.register((environment, _options, done) => {
    addEnvironmentRoutes(environment, options);
    done();
  });
}

function addIdentity(scope: FastifyInstance, options: ApiServerOptions): void {
  scope.addHook('onRequest', async (request, reply) => {
    request.peer = peerOf(request, options);
    if (options.relay && !options.backend()) {
      await handOn(options.relay, options, request, reply);
      return;
    }
    request.identity = await authenticate(options, request);
    request.caller = request.identity.caller;
  });
}

function addRoutes(scope: FastifyInstance, options: ApiServerOptions): void {
  const routes: ApiRoutes = scope.withTypeProvider<TypeBoxProvider>();
  addIdentity(scope, options);
  scope.addHook('onSend', answerUnchanged);
  addAppRoutes(routes, options);
  addUpdateRoutes(routes, options);
  addFiguresRoute(routes, options);
  addResourceRoutes(routes, options);
  addLogRoutes(routes, options);
  addRejectionRoutes(routes, options);
  addChannelRoutes(routes, options);
  addSourceRoutes(routes, options);
  addPolicyRoutes(routes, options);
  addWatchRoute(routes, options);
  addActionRoutes(routes, options);
  addPauseRoutes(routes, options);
  addDeployRoute(routes, options);
  addSessionRoutes(routes, options);
}

async function setHeaders(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.headers({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
  });
}

function count({ metrics }: ApiContext, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'none';
  metrics.requests.inc({ method: request.method, route, status: String(reply.statusCode) });
  metrics.seconds.observe({ route }, reply.elapsedTime / 1_000);
}
