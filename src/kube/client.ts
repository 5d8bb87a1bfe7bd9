/**
 * Typed access to the Kubernetes API: one method per verb, all through one transport.
 *
 * Every failure is an OperationError: API_NOT_FOUND (404), API_CONFLICT (409; `context.reason` is Conflict, AlreadyExists
 * or FieldManagerConflict), API_INVALID (400, 422 ...), API_FORBIDDEN (401, 403), API_REJECTED (admission), API_GONE
 * (410), API_UNAVAILABLE (429, 5xx, network, time, size). An aborted signal rejects with the signal's reason.
 */
import { invariant, isOperationError } from '../core/errors.ts';
import { type CallDescription, unavailable } from './api-error.ts';
import type {
  CallOptions,
  DeleteOptions,
  List,
  ListOptions,
  Patch,
  PatchOptions,
  RawRequest,
  StreamRequest,
  WatchOptions,
  WriteOptions,
} from './calls.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import type { KubeConfig } from './config.ts';
import { converse, type ExecRequest, type ExecResult, execPath } from './exec.ts';
import { apiVersionOf, type KubeObject, type NewObject, type ObjectKey, type ResourceType } from './objects.ts';
import { listPages, type Page } from './pages.ts';
import { collectionPath, describeObject, objectPath, withQuery } from './resource-path.ts';
import { streamBytes } from './stream.ts';
import {
  createTransport,
  type PassedAnswer,
  type PassRequest,
  type Transport,
  type TransportRequest,
} from './transport.ts';
import { type WatchEvent, watchEvents } from './watch.ts';

export interface KubeClient {
  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, options?: CallOptions): Promise<T>;
  /** Like get, but undefined where there is no such object. */
  find<T extends KubeObject>(type: ResourceType, key: ObjectKey, options?: CallOptions): Promise<T | undefined>;
  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<List<T>>;
  /** The same, page by page, so that nobody holds the whole. */
  listPages<T extends KubeObject>(type: ResourceType, options?: ListOptions): AsyncIterable<Page<T>>;
  create<T extends KubeObject>(type: ResourceType, object: NewObject<T>, options?: WriteOptions): Promise<T>;
  /** PUT of the whole object; with its resourceVersion an API_CONFLICT tells that somebody was faster. */
  replace<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>;
  replaceStatus<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: Patch, options?: PatchOptions): Promise<T>;
  /** Server-side apply of a whole object with only the owned fields; tells whether the object was made by it. */
  apply<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    body: unknown,
    options?: PatchOptions,
  ): Promise<{ readonly object: T; readonly created: boolean }>;
  /** Returns when the server has taken the request; finalizers may keep the object for longer. */
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** One watch; ends when the server ends it, throws when it breaks (API_GONE: list again). */
  watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Anything else: subresources, /version, reviews. The body of the answer is decoded JSON or text. */
  request(request: RawRequest): Promise<unknown>;
  /**
   * The bytes of an answer without end, such as a log that is followed. Ends with it, or when the caller aborts.
   *
   * @throws as all methods; API_UNAVAILABLE when it breaks, or says nothing for `silenceMs` (default an hour)
   */
  stream(request: StreamRequest): AsyncIterable<Buffer>;
  /**
   * The same client as another user (`system:serviceaccount:demo:deployer`), over the same connections.
   *
   * Its calls are API_FORBIDDEN unless the client's own user may impersonate that one.
   */
  actAs(user: string): KubeClient;
  /**
   * One request to something behind the API server, such as a Service by its subresource `proxy`. Any status is an answer; no retries.
   *
   * @throws API_UNAVAILABLE when the API server does not answer in time
   */
  pass(request: PassRequest): Promise<PassedAnswer>;
  /**
   * Runs a command in a container to its end. Not bounded in time but by the signal.
   *
   * @throws API_FORBIDDEN, API_NOT_FOUND; API_UNAVAILABLE when the connection breaks before its end
   */
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Cuts every connection, also of clients made by `actAs`; calls under way fail. */
  close(): Promise<void>;
}

export interface KubeClientOptions {
  /** Name under which fields are owned where a call does not say. */
  readonly fieldManager?: string;
  readonly userAgent?: string;
  /** One attempt of one call. Default 30 s. */
  readonly timeoutMs?: number;
  /** One answer. Default 32 MiB; lists shrink their pages to fit. */
  readonly maxBodyBytes?: number;
  /** Waiting for Retry-After in one call, in all. Default 30 s. */
  readonly retryBudgetMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

const mebibyte = 1024 * 1024;
const longestSilenceMs = 3_600_000;

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** Makes no connection before the first call. Call `close` at the end, or its connections keep the process alive. */
export function createKubeClient(config: KubeConfig, options: KubeClientOptions = {}): KubeClient {
  const random = options.random ?? Math.random;
  const transport = createTransport(config, {
    clock: options.clock ?? systemClock,
    random,
    userAgent: options.userAgent ?? 'kube-runtime',
    timeoutMs: options.timeoutMs ?? 30_000,
    maxBodyBytes: options.maxBodyBytes ?? 32 * mebibyte,
    retryBudgetMs: options.retryBudgetMs ?? 30_000,
  });
  return new HttpKubeClient(transport, random, options.fieldManager);
}

class HttpKubeClient implements KubeClient {
  readonly #transport: Transport;
  readonly #random: Random;
  readonly #fieldManager: string | undefined;

  constructor(transport: Transport, random: Random, fieldManager: string | undefined) {
    this.#transport = transport;
    this.#random = random;
    this.#fieldManager = fieldManager;
  }

  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, options: CallOptions = {}): Promise<T> {
    return this.#object(callOn('get', type, key), {
      method: 'GET',
      path: objectPath(type, key),
      signal: options.signal,
    });
  }

  async find<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get<T>(type, key, options);
    } catch (error) {
      if (isOperationError(error, 'API_NOT_FOUND')) {
        return undefined;
      }
      throw error;
    }
  }

  async list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<List<T>> {
    let items: T[] = [];
    let resourceVersion = '';
    for await (const page of this.listPages<T>(type, options)) {
      items = page.isFirst ? [...page.items] : items.concat(page.items);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  }

  listPages<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): AsyncIterable<Page<T>> {
    return listPages<T>(this.#transport, type, options);
  }

  create<T extends KubeObject>(type: ResourceType, object: NewObject<T>, options: WriteOptions = {}): Promise<T> {
    const { name, generateName, namespace } = object.metadata;
    const key = { namespace: namespace ?? '', name: name ?? `${generateName ?? ''}*` };
    invariant(!type.namespaced || key.namespace !== '', `create ${describeObject(type, key)}: no namespace`);
    return this.#object(callOn('create', type, key), {
      method: 'POST',
      path: withQuery(collectionPath(type, namespace), this.#writeQuery(options)),
      body: { apiVersion: apiVersionOf(type), kind: type.kind, ...object },
      signal: options.signal,
    });
  }

  replace<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#replace(type, object, options, undefined);
  }

  replaceStatus<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#replace(type, object, options, 'status');
  }

  patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<T> {
    return this.#patch<T>(type, key, patch, options).then(({ object }) => object);
  }

  apply<T extends KubeObject>(type: ResourceType, key: ObjectKey, body: unknown, options: PatchOptions = {}) {
    return this.#patch<T>(type, key, { kind: 'apply', body }, options);
  }

  actAs(user: string): KubeClient {
    return new HttpKubeClient(impersonating(this.#transport, user), this.#random, this.#fieldManager);
  }

  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, propagation, gracePeriodSeconds } = options;
    const preconditions = {
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    };
    await this.#transport.send({
      call: callOn('delete', type, key),
      method: 'DELETE',
      path: withQuery(objectPath(type, key), { dryRun: options.dryRun ? 'All' : undefined }),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions,
        ...(propagation !== undefined && { propagationPolicy: propagation }),
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      },
      signal: options.signal,
    });
  }

  watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return watchEvents<T>(this.#transport, type, options, this.#random);
  }

  async request(request: RawRequest): Promise<unknown> {
    const { what, path, query, ...rest } = request;
    const answer = await this.#transport.send({ ...rest, call: { what }, path: withQuery(path, query ?? {}) });
    return answer.body;
  }

  stream({ what, path, query, signal, silenceMs = longestSilenceMs }: StreamRequest): AsyncIterable<Buffer> {
    const call = { what };
    const request = { call, method: 'GET' as const, path: withQuery(path, query ?? {}), accept: '*/*', signal };
    return streamBytes(this.#transport, request, silenceMs);
  }

  pass(request: PassRequest): Promise<PassedAnswer> {
    return this.#transport.pass(request);
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    const call = { what: `run ${request.command[0]} in Pod ${request.namespace}/${request.pod}` };
    const asked = { call, method: 'GET' as const, path: execPath(request), signal: request.signal };
    const result = await converse(call, await this.#transport.socketAccess(asked), request.signal);
    if (result !== undefined) {
      return result;
    }
    // A WebSocket does not say why it was refused. Asked plainly, the server does; it never runs anything then.
    try {
      await this.#transport.send(asked);
    } catch (error) {
      if (!isOperationError(error, 'API_INVALID')) {
        throw error;
      }
    }
    throw unavailable(call, 'no WebSocket came about');
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #patch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: Patch, options: PatchOptions) {
    const query = { ...this.#writeQuery(options), force: options.force };
    const call = callOn(patch.kind === 'apply' ? 'apply' : 'patch', type, key);
    invariant(patch.kind !== 'apply' || query.fieldManager !== undefined, `${call.what}: no field manager`);
    const answer = await this.#transport.send({
      call,
      method: 'PATCH',
      path: withQuery(objectPath(type, key, options.subresource), query),
      body: patch.body,
      contentType: patchTypes[patch.kind],
      signal: options.signal,
    });
    const httpCreated = 201;
    return { object: objectOf<T>(call, answer.body), created: answer.status === httpCreated };
  }

  #replace<T extends KubeObject>(
    type: ResourceType,
    object: T,
    options: WriteOptions,
    subresource: string | undefined,
  ): Promise<T> {
    const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
    return this.#object(callOn(subresource === undefined ? 'replace' : `replace ${subresource} of`, type, key), {
      method: 'PUT',
      path: withQuery(objectPath(type, key, subresource), this.#writeQuery(options)),
      body: object,
      signal: options.signal,
    });
  }

  async #object<T extends KubeObject>(call: CallDescription, request: Omit<TransportRequest, 'call'>): Promise<T> {
    const { body } = await this.#transport.send({ ...request, call });
    return objectOf<T>(call, body);
  }

  #writeQuery(options: WriteOptions) {
    return {
      fieldManager: options.fieldManager ?? this.#fieldManager,
      dryRun: options.dryRun ? 'All' : undefined,
      fieldValidation: options.fieldValidation,
    };
  }
}

function objectOf<T extends KubeObject>(call: CallDescription, body: unknown): T {
  if (typeof body !== 'object' || body === null || !('metadata' in body)) {
    throw unavailable(call, 'answer is no Kubernetes object');
  }
  return body as T;
}

/** The API server checks that the client's own user may do this (verb `impersonate`). */
function impersonating(transport: Transport, user: string): Transport {
  return {
    send: (request) => transport.send({ ...request, impersonate: user }),
    open: (request, silenceMs) => transport.open({ ...request, impersonate: user }, silenceMs),
    socketAccess: (request) => transport.socketAccess({ ...request, impersonate: user }),
    pass: (request) => transport.pass({ ...request, headers: { ...request.headers, 'impersonate-user': user } }),
    close: () => transport.close(),
  };
}

function callOn(verb: string, type: ResourceType, key: ObjectKey): CallDescription {
  return { what: `${verb} ${describeObject(type, key)}`, confidential: type.plural === 'secrets' };
}
