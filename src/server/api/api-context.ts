/** What the routes of the API share. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import type { Caller } from '../../core/access/caller.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { ApiMetrics } from '../../telemetry/api-metrics.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Identity } from './authenticate.ts';
import type { ApiBackend, ReadPolicy } from './backend.ts';
import type { ChangeFeed } from './change-feed.ts';
import { Problem } from './problem.ts';
import type { Peer } from './relay.ts';
import type { Rights } from './rights.ts';

export interface ApiContext {
  /** Undefined while another replica does the work, or this one still reads the cluster. */
  readonly backend: () => ApiBackend | undefined;
  readonly feed: ChangeFeed;
  readonly rights: Rights;
  readonly readPolicy: ReadPolicy;
  readonly clock: ApiClock;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
}

export interface ApiClock extends Clock {
  /** Calls back once after `ms`. The answer cancels. */
  schedule(ms: number, callback: () => void): () => void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set before any route of /api/v1 runs. */
    caller: Caller | undefined;
    /** From where. */
    peer: Peer;
    /** And how they showed it. */
    identity: Identity;
  }
}

/** Types of parameters, bodies and answers from their TypeBox schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  readonly serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

export type ApiRoutes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxProvider
>;

/** @throws Problem `unavailable` while another replica works */
export function backendOf({ backend }: Pick<ApiContext, 'backend'>): ApiBackend {
  const found = backend();
  if (!found) {
    throw new Problem('unavailable', 'this replica is not at work yet', { 'retry-after': '2' });
  }
  return found;
}

/** @throws Problem `unauthorized` */
export function callerOf({ caller }: { readonly caller: Caller | undefined }): Caller {
  if (!caller) {
    throw new Problem('unauthorized', 'give a token: Authorization: Bearer ...', { 'www-authenticate': 'Bearer' });
  }
  return caller;
}

const Name = Type.String({ minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' });

export const ObjectParameters = Type.Object({
  namespace: Type.String({ ...Name, description: 'Namespace.', maxLength: 63 }),
  name: Type.String({ ...Name, description: 'Name.' }),
});

export const NamespaceParameter = Type.Optional(
  Type.String({ description: 'Only this namespace; all that you may see when absent.', maxLength: 63 }),
);
