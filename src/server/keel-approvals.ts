/** Keel's `/v1/approvals`: the same paths, fields and identifiers, over Headgate's records. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { keelActions } from '../core/adopt/keel-approval.ts';
import { describeError, isOperationError } from '../core/errors.ts';
import { parseBoundedJson } from '../core/webhook/bounded-json.ts';
import type { KeelApproval, KeelVote } from '../engine/update/keel-approvals.ts';
import type { KeelRequirement } from '../engine/update/keel-requirements.ts';
import type { Logger } from '../telemetry/log.ts';

export interface KeelApprovalsOptions {
  readonly list: (signal: AbortSignal) => Promise<readonly KeelApproval[]>;
  readonly vote: (vote: KeelVote, signal: AbortSignal) => Promise<KeelApproval | undefined>;
  /** False: nothing of that name is looked after. */
  readonly require: (requirement: KeelRequirement, signal: AbortSignal) => Promise<boolean>;
  /** `name:password` each. */
  readonly users: () => Promise<readonly string[]>;
  /** Believe the `voter` of a request; else whoever signed in has voted. For a bot that votes for several people. */
  readonly trustVoter: boolean;
  readonly log: Logger;
}

const Vote = Compile(
  Type.Object({
    id: Type.Optional(Type.String({ maxLength: 128 })),
    identifier: Type.Optional(Type.String({ maxLength: 1_024 })),
    voter: Type.Optional(Type.String({ maxLength: 128 })),
    // Keel approves where nothing is said.
    action: Type.Optional(Type.Enum(['', ...keelActions])),
  }),
);

const Requirement = Compile(
  Type.Object({
    identifier: Type.String({ minLength: 1, maxLength: 1_024 }),
    // Keel takes no other.
    provider: Type.Literal('kubernetes'),
    votesRequired: Type.Integer({ minimum: 0, maximum: 100 }),
  }),
);

const timeoutMs = 20_000;
const path = '/v1/approvals';

/** Adds the routes, behind basic authentication. */
export function addKeelApprovals(server: FastifyInstance, options: KeelApprovalsOptions): void {
  server.register((scope, _options, done) => {
    scope.setErrorHandler((error, _request, reply) => answerError(reply, error, options.log));
    scope.get(path, async (request, reply) => {
      if ((await signIn(options, request)) === undefined) {
        return await refuse(reply);
      }
      return (await options.list(AbortSignal.timeout(timeoutMs))).map(toWire);
    });
    scope.post(path, async (request, reply) => {
      const user = await signIn(options, request);
      return user === undefined ? await refuse(reply) : await receiveVote(options, { request, reply, user });
    });
    scope.put(path, async (request, reply) => {
      const user = await signIn(options, request);
      return user === undefined ? await refuse(reply) : await receiveRequirement(options, { request, reply, user });
    });
    done();
  });
}

async function receiveRequirement(
  { require, log }: KeelApprovalsOptions,
  { request, reply, user }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly user: string },
) {
  const body = bodyOf(request);
  if (!Requirement.Check(body)) {
    const text = 'wanted are identifier, provider "kubernetes", and votesRequired from 0 to 100';
    return await reply.code(400).send(`${text}\n`);
  }
  const { identifier, votesRequired } = body;
  if (!(await require({ identifier, votesRequired }, AbortSignal.timeout(timeoutMs)))) {
    return await reply.code(404).send(`resource with identifier '${identifier}' not found\n`);
  }
  log.info('number of votes set by the API of Keel', { person: user, identifier, votesRequired });
  return { status: 'updated' };
}

function bodyOf({ body }: FastifyRequest): unknown {
  return Buffer.isBuffer(body) ? parseBoundedJson(body.toString('utf8')) : undefined;
}

async function receiveVote(
  { vote, trustVoter, log }: KeelApprovalsOptions,
  { request, reply, user }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly user: string },
) {
  const body = bodyOf(request);
  if (!Vote.Check(body) || (body.id === undefined && body.identifier === undefined)) {
    const text = `wanted are identifier or id, and an action: ${keelActions.join(', ')}`;
    return await reply.code(400).send(`${text}\n`);
  }
  const person = trustVoter && body.voter !== undefined && body.voter.trim() !== '' ? body.voter.trim() : user;
  const action = keelActions.find((one) => one === body.action) ?? 'approve';
  const { id, identifier } = body;
  const approval = await vote({ id, identifier, action, person }, AbortSignal.timeout(timeoutMs));
  if (approval === undefined) {
    return await reply.code(404).send('there is no such approval\n');
  }
  log.info('vote by the API of Keel', { action, person, identifier: approval.identifier });
  return toWire(approval);
}

/** The name of whoever signed in; undefined: nobody known. */
async function signIn({ users }: KeelApprovalsOptions, request: FastifyRequest): Promise<string | undefined> {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]{1,1024})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (encoded === undefined) {
    return undefined;
  }
  const given = Buffer.from(encoded, 'base64').toString('utf8');
  const known = await users();
  // All are compared, so that the time says nothing of which is near.
  const found = known.filter((one) => isSame(one, given));
  const [name] = (found[0] ?? '').split(':');
  return name === '' ? undefined : name;
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

async function refuse(reply: FastifyReply): Promise<FastifyReply> {
  return await reply.code(401).header('www-authenticate', 'Basic realm="headgate"').send('user or password is wrong\n');
}

function toWire(approval: KeelApproval) {
  const { voters, deadline, createdAt, updatedAt, update, ...rest } = approval;
  return {
    ...rest,
    event: {
      repository: { name: update.spec.changes[0]?.repository ?? '', tag: rest.newVersion, digest: rest.digest },
    },
    votesReceived: voters.size,
    voters: Object.fromEntries([...voters].map(([person, at]) => [person, at.toISOString()])),
    deadline: deadline.toISOString(),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

async function answerError(reply: FastifyReply, error: unknown, log: Logger): Promise<FastifyReply> {
  if (isOperationError(error, 'WEBHOOK_INVALID')) {
    return await reply.code(400).send(`${error.message}\n`);
  }
  if (isOperationError(error, 'USAGE') || isOperationError(error, 'API_CONFLICT')) {
    return await reply.code(409).send(`${error.message}\n`);
  }
  log.warn('vote by the API of Keel was not taken', { error: describeError(error) });
  const isRefused = isOperationError(error, 'API_REJECTED') || isOperationError(error, 'API_FORBIDDEN');
  return await reply.code(isRefused ? 403 : 503).send(`${isOperationError(error) ? error.message : 'try again'}\n`);
}
