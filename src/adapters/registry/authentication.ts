/**
 * How a request gets its Authorization header: nothing, Basic, or a Bearer token from the server that the registry names
 * (distribution spec "Token Authentication Specification").
 */
import type { Repository } from '../../core/image/reference.ts';
import { createSharedLoads, type Loaded, type SharedLoads } from '../../core/shared-loads.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import type { Answer } from './answer.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { invalidAnswer, isRecord, unexpectedAnswer } from './failure.ts';
import { putBounded } from './put-bounded.ts';
import type { RegistryRequest, Transport } from './transport.ts';

/** Sends with the credentials that the registry asks for; answers any status, also 401 when they are not good enough. */
export interface AuthenticatedTransport {
  send(request: AuthenticatedRequest): Promise<Answer>;
}

export interface AuthenticatedRequest extends RegistryRequest {
  /** Its path is the scope of the token where the challenge names none. */
  readonly repository: Repository;
}

interface State {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly tokens: SharedLoads<string>;
  /** What registry and repository asked for last time, so that it need not say 401 each time. */
  readonly challenges: Map<string, Challenge>;
}

const maxRemembered = 2_000;
const maxTokenAnswerBytes = 262_144;
/** A token server that says nothing means this (spec: "expires_in"). */
const defaultTokenLifetimeMs = 60_000;
const maxTokenLifetimeMs = 3_600_000;
/** A token is not used in the last part of its life, for it must survive the way. */
const expiryMarginMs = 10_000;

export function authenticate(transport: Transport, clock: Clock): AuthenticatedTransport {
  const nowMs = () => clock.now().getTime();
  const state: State = {
    transport,
    clock,
    tokens: createSharedLoads<string>({ nowMs, maxEntries: maxRemembered }),
    challenges: new Map(),
  };
  return { send: (request) => sendAuthenticated(state, request) };
}

async function sendAuthenticated(state: State, request: AuthenticatedRequest): Promise<Answer> {
  const place = `${request.url.origin} ${request.repository.path} ${identifyAccess(request.access)}`;
  const known = state.challenges.get(place);
  const usual = known === undefined ? undefined : await answerChallenge(state, request, known);
  const first = await state.transport.send(withAuthorization(request, usual));
  if (first.status !== 401) {
    return first;
  }
  const challenge = chooseChallenge(first, request);
  state.challenges.delete(place);
  if (challenge === undefined) {
    return first;
  }
  if (usual !== undefined) {
    // Revoked before its time, or for another scope: only a new token can help.
    state.tokens.forget(keyOfToken(request, challenge));
  }
  const authorization = await answerChallenge(state, request, challenge);
  const second = await state.transport.send(withAuthorization(request, authorization));
  if (second.status === 401) {
    state.tokens.forget(keyOfToken(request, challenge));
  } else {
    putBounded(state.challenges, place, challenge, maxRemembered);
  }
  return second;
}

function withAuthorization(request: AuthenticatedRequest, authorization: string | undefined): RegistryRequest {
  return authorization === undefined ? request : { ...request, headers: { ...request.headers, authorization } };
}

/**
 * Bearer before Basic; Basic only where there is something to say. None from where a redirect led: it could name a token server of
 * its own, which we would tell the registry's password.
 */
function chooseChallenge(answer: Answer, { url, access }: AuthenticatedRequest): Challenge | undefined {
  if (answer.origin !== url.origin) {
    return undefined;
  }
  const challenges = parseChallenges(answer.headers['www-authenticate']);
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  return bearer ?? challenges.find(({ scheme }) => scheme === 'basic' && basic(access) !== undefined);
}

async function answerChallenge(
  state: State,
  request: AuthenticatedRequest,
  challenge: Challenge,
): Promise<string | undefined> {
  if (challenge.scheme === 'basic') {
    return basic(request.access);
  }
  // The token is for all who wait for it, so the abort of one of them must not end its request; the transport's deadline does.
  const shared = { ...request, signal: new AbortController().signal };
  const load = () => fetchToken(state, shared, challenge);
  const token = await state.tokens.get(keyOfToken(request, challenge), load, request.signal);
  return `Bearer ${token}`;
}

/** Undefined also where there is only an identity token, which is for token servers alone. */
function basic({ credentials }: RegistryAccess): string | undefined {
  const { username = '', password = '' } = credentials ?? {};
  const isSaid = username !== '' || password !== '';
  return isSaid ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` : undefined;
}

function keyOfToken(request: AuthenticatedRequest, { parameters }: Challenge): string {
  const place = [parameters.get('realm'), parameters.get('service'), scopeOf(request, parameters)];
  return JSON.stringify([...place, identifyAccess(request.access)]);
}

function scopeOf(request: AuthenticatedRequest, parameters: Challenge['parameters']): string {
  return parameters.get('scope') ?? `repository:${request.repository.path}:pull`;
}

async function fetchToken(state: State, request: AuthenticatedRequest, challenge: Challenge): Promise<Loaded<string>> {
  const { transport, clock } = state;
  const startedMs = clock.now().getTime();
  const question = makeTokenRequest(request, challenge.parameters);
  const answer = await transport.send(question);
  if (answer.status !== 200) {
    throw unexpectedAnswer(question.operation, answer, clock.now());
  }
  const { token, lifetimeMs } = parseToken(answer.body);
  if (token === undefined) {
    throw invalidAnswer(question.operation, 'the answer holds no token');
  }
  return { value: token, expiresAtMs: startedMs + lifetimeMs - expiryMarginMs };
}

/** With an identity token the token is asked for as OAuth 2 has it (distribution spec "OAuth2 Token Authentication"), else by GET. */
function makeTokenRequest(request: AuthenticatedRequest, parameters: Challenge['parameters']): RegistryRequest {
  const { access, signal } = request;
  const url = parseRealm(request, parameters);
  const operation = { ...request.operation, what: `${request.operation.what}: get token from ${url.host}` };
  const common = { operation, namedBy: request.url, access, maxBytes: maxTokenAnswerBytes, signal };
  const service = parameters.get('service');
  const asked = new URLSearchParams({
    ...(service === undefined ? {} : { service }),
    scope: scopeOf(request, parameters),
  });
  const identityToken = access.credentials?.identityToken;
  if (identityToken !== undefined) {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'headgate',
      refresh_token: identityToken,
    });
    copyInto(body, asked);
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
    return { ...common, method: 'POST', url, headers, body: body.toString() };
  }
  copyInto(url.searchParams, asked);
  const authorization = basic(access);
  const headers = { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  return { ...common, method: 'GET', url, headers };
}

function copyInto(parameters: URLSearchParams, more: URLSearchParams): void {
  for (const [name, value] of more) {
    parameters.set(name, value);
  }
}

function parseRealm(request: AuthenticatedRequest, parameters: Challenge['parameters']): URL {
  const realm = parameters.get('realm') ?? '';
  const url = URL.parse(realm, request.url.href);
  const isAllowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && request.url.protocol === 'http:');
  if (url === null || !isAllowed) {
    throw invalidAnswer(request.operation, `${request.url.host} sends for a token to what is no https address`);
  }
  url.username = '';
  url.password = '';
  return url;
}

/** `access_token` is what the OAuth 2 servers among them send. */
function parseToken(body: Buffer): { readonly token: string | undefined; readonly lifetimeMs: number } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return { token: undefined, lifetimeMs: 0 };
  }
  const fields = isRecord(parsed) ? parsed : {};
  const token = fields['token'] ?? fields['access_token'];
  const seconds = fields['expires_in'];
  const lifetimeMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : defaultTokenLifetimeMs;
  return {
    // Anything else could not stand in a header.
    token: typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : undefined,
    lifetimeMs: Math.min(lifetimeMs, maxTokenLifetimeMs),
  };
}
