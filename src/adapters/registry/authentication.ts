/**
 * How a request gets its Authorization header: nothing, Basic, or a Bearer token from the server that the registry names
 * (distribution spec "Token Authentication Specification").
 */
import type { Clock } from '../../engine/ports/clock.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import type { Answer } from './answer.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { invalidAnswer, isRecord, unexpectedAnswer } from './failure.ts';
import { createSharedLoads, type Loaded, type SharedLoads } from './shared-loads.ts';
import type { RegistryRequest, Transport } from './transport.ts';

/** Sends with the credentials that the registry asks for; answers any status, also 401 when they are not good enough. */
export interface AuthenticatedTransport {
  send(request: AuthenticatedRequest): Promise<Answer>;
}

export interface AuthenticatedRequest extends RegistryRequest {
  /** Path of the repository; the scope of the token where the challenge names none. */
  readonly path: string;
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
  const place = `${request.url.origin} ${request.path} ${identifyAccess(request.access)}`;
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
    remember(state.challenges, place, challenge);
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
  return bearer ?? (access.credentials && challenges.find(({ scheme }) => scheme === 'basic'));
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

function basic({ credentials }: RegistryAccess): string | undefined {
  return credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

function keyOfToken(request: AuthenticatedRequest, { parameters }: Challenge): string {
  const place = [parameters.get('realm'), parameters.get('service'), scopeOf(request, parameters)];
  return JSON.stringify([...place, identifyAccess(request.access)]);
}

function scopeOf(request: AuthenticatedRequest, parameters: Challenge['parameters']): string {
  return parameters.get('scope') ?? `repository:${request.path}:pull`;
}

async function fetchToken(state: State, request: AuthenticatedRequest, challenge: Challenge): Promise<Loaded<string>> {
  const { transport, clock } = state;
  const url = makeTokenUrl(request, challenge.parameters);
  const authorization = basic(request.access);
  const startedMs = clock.now().getTime();
  const operation = { ...request.operation, what: `${request.operation.what}: get token from ${url.host}` };
  const answer = await transport.send({
    operation,
    method: 'GET',
    url,
    headers: { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    access: request.access,
    maxBytes: maxTokenAnswerBytes,
    signal: request.signal,
  });
  if (answer.status !== 200) {
    throw unexpectedAnswer(operation, answer, request.access, clock.now());
  }
  const { token, lifetimeMs } = parseToken(answer.body);
  if (token === undefined) {
    throw invalidAnswer(operation, 'the answer holds no token');
  }
  return { value: token, expiresAtMs: startedMs + lifetimeMs - expiryMarginMs };
}

function makeTokenUrl(request: AuthenticatedRequest, parameters: Challenge['parameters']): URL {
  const realm = parameters.get('realm') ?? '';
  const url = URL.parse(realm, request.url.href);
  const isAllowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && request.url.protocol === 'http:');
  if (url === null || !isAllowed) {
    throw invalidAnswer(request.operation, `${request.url.host} sends for a token to what is no https address`);
  }
  url.username = '';
  url.password = '';
  const service = parameters.get('service');
  if (service !== undefined) {
    url.searchParams.set('service', service);
  }
  url.searchParams.set('scope', scopeOf(request, parameters));
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

function remember(challenges: Map<string, Challenge>, place: string, challenge: Challenge): void {
  challenges.set(place, challenge);
  const [oldest] = challenges.keys();
  if (challenges.size > maxRemembered && oldest !== undefined) {
    challenges.delete(oldest);
  }
}
