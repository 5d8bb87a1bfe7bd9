/**
 * Webhooks in. A delivery is bounded, proven, read and answered here; what it wakes is behind `WebhookTargets`.
 *
 * Whatever is sent is answered 2xx or 4xx. A replica that stands by hands it on to the one that works, and says 503 when it cannot.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { describeError, isOperationError } from '../core/errors.ts';
import { formatRepository } from '../core/image/reference.ts';
import type { AnnouncedImage, Announcement } from '../core/webhook/announcement.ts';
import { parseBoundedJson } from '../core/webhook/bounded-json.ts';
import { isProven } from '../core/webhook/proof.ts';
import { type WebhookSender, webhookSenders } from '../core/webhook/senders.ts';
import { topicOfGit, topicOfImage } from '../core/webhook/topics.ts';
import type { AnswerResult, TestAnswer } from '../engine/app-test/take-answer.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { plainHeaders } from './plain-headers.ts';
import { addTestAnswers } from './test-answers.ts';

export interface WebhookTargets {
  /** Wakes all Apps under a topic; false when there is none. */
  wakeTopic(topic: string): boolean;
  /** Wakes one App; false when there is none. */
  wakeApp(namespace: string, name: string): boolean;
  /** Somebody who was asked to test calls back. */
  answerTest(answer: TestAnswer): Promise<AnswerResult>;
}

export interface WebhookOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** None: the sender cannot prove itself. */
  readonly secretsOf: (sender: string) => Promise<readonly string[]>;
  /** Whether senders for which there is no secret are believed. */
  readonly allowUnsigned: boolean;
  readonly privateRegistry: string | undefined;
  /** Undefined while another replica does the work. */
  readonly targets: () => WebhookTargets | undefined;
  /** Undefined: there is no other replica. */
  readonly relay?: WebhookRelay | undefined;
  /** Adds routes of others that share the port, as Keel's do. */
  readonly extend?: ((server: FastifyInstance) => void) | undefined;
  /** Within which a whole request has to be there. Default 10 s. */
  readonly timeoutMs?: number;
}

/** A delivery as it came. */
export interface WebhookDelivery {
  /** With query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The way to the replica that works. */
export interface WebhookRelay {
  /** What that replica answered; undefined when it cannot be reached. */
  send(delivery: WebhookDelivery): Promise<{ readonly status: number; readonly text: string } | undefined>;
}

const maxBodyBytes = 1_048_576;
const maxConnections = 256;

/** The server, not yet listening. */
export function createWebhookServer(options: WebhookOptions): FastifyInstance {
  const { timeoutMs = 10_000 } = options;
  const server = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: timeoutMs,
    keepAliveTimeout: 5_000,
    forceCloseConnections: true,
    http: { headersTimeout: timeoutMs, connectionsCheckingInterval: timeoutMs / 10 },
  });
  server.server.maxConnections = maxConnections;
  // Signatures are over the bytes, and senders name their JSON in many ways.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setNotFoundHandler((_request, reply) => reply.code(404).send('no such webhook\n'));
  addTestAnswers(server, options);
  for (const sender of webhookSenders) {
    server.register((scope, _options, done) => {
      addSender(scope, options, sender);
      done();
    });
  }
  options.extend?.(server);
  return server;
}

function addSender(scope: FastifyInstance, options: WebhookOptions, sender: WebhookSender): void {
  const answer = (reply: FastifyReply, { result, status, text }: Outcome) => {
    options.metrics.webhookRequests.inc({ sender: sender.name, result });
    options.log.debug('webhook', { sender: sender.name, result, status });
    return reply.code(status).send(text === undefined ? '' : `${text}\n`);
  };
  scope.setErrorHandler((error, _request, reply) => answer(reply, refusalOf(error, options.log)));
  for (const path of sender.paths) {
    const forms = path.startsWith('/hook/') ? [path, `${path}/:namespace/:app`] : [path];
    for (const form of forms) {
      scope.post<Route>(form, async (request, reply) => answer(reply, await receive(options, sender, request)));
    }
  }
}

interface Route {
  Params: { namespace?: string; app?: string };
  Querystring: Record<string, unknown>;
  Body: unknown;
}

/** What became of a delivery; `result` is a label of the metrics. */
interface Outcome {
  readonly result:
    | 'relayed'
    | 'woken'
    | 'unknown'
    | 'ignored'
    | 'invalid'
    | 'unauthorized'
    | 'too_large'
    | 'standby'
    | 'failed';
  readonly status: number;
  readonly text?: string;
}

async function receive(
  options: WebhookOptions,
  sender: WebhookSender,
  request: FastifyRequest<Route>,
): Promise<Outcome> {
  const headers = plainHeaders(request.headers);
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { token } = request.query;
  const secrets = await options.secretsOf(sender.name);
  const signed = { headers, body, queryToken: typeof token === 'string' ? token : undefined };
  const isBelieved = secrets.length === 0 ? options.allowUnsigned : isProven(sender.proofs, signed, secrets);
  if (!isBelieved) {
    return { result: 'unauthorized', status: 401, text: 'signature or token is missing or wrong' };
  }
  const { privateRegistry } = options;
  const announcement = sender.read({ headers, body: decodeBody(headers, body), privateRegistry });
  if (announcement === 'nothing') {
    return { result: 'ignored', status: 200 };
  }
  const targets = options.targets();
  if (!targets) {
    return await relay(options, { path: request.url, headers, body });
  }
  const { namespace, app } = request.params;
  const isKnown =
    namespace !== undefined && app !== undefined
      ? targets.wakeApp(namespace, app)
      : wakeFollowers(options, sender, announcement, targets);
  return { result: isKnown ? 'woken' : 'unknown', status: 200 };
}

async function relay(options: WebhookOptions, delivery: WebhookDelivery): Promise<Outcome> {
  const relayed = await options.relay?.send(delivery);
  if (!relayed) {
    return { result: 'standby', status: 503, text: 'this replica stands by; try again' };
  }
  const text = relayed.text.trimEnd();
  return { result: 'relayed', status: relayed.status, ...(text !== '' && { text }) };
}

/** Whether any App follows any of what was announced. */
function wakeFollowers(
  { metrics }: WebhookOptions,
  sender: WebhookSender,
  { images, repositories }: Announcement,
  targets: WebhookTargets,
): boolean {
  const known = new Map<string, boolean>();
  const wake = (topic: string) => {
    const isKnown = known.get(topic) ?? targets.wakeTopic(topic);
    known.set(topic, isKnown);
    return isKnown;
  };
  for (const image of images) {
    const isKnown = wake(topicOfImage(image));
    metrics.countKeelWebhook(sender.name, isKnown ? nameOf(image) : undefined);
  }
  for (const repository of repositories) {
    wake(topicOfGit(repository));
  }
  return [...known.values()].includes(true);
}

function nameOf({ registry, path }: AnnouncedImage): string {
  return registry === undefined ? path : formatRepository({ registry, path });
}

/** GitHub may be set to send its JSON as a form field, which its signature covers as it is. */
function decodeBody(headers: Readonly<Record<string, string>>, body: Buffer): unknown {
  const text = body.toString('utf8');
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const json = isForm ? (new URLSearchParams(text).get('payload') ?? text) : text;
  return json.trim() === '' ? undefined : parseBoundedJson(json);
}

const tooLarge = 413;

/** What others send is answered and counted; a fault of our own is logged too. */
function refusalOf(error: unknown, log: Logger): Outcome {
  if (isOperationError(error, 'WEBHOOK_INVALID') || isOperationError(error, 'REFERENCE_INVALID')) {
    return { result: 'invalid', status: 400, text: error.message };
  }
  const status = statusOf(error);
  if (status === tooLarge) {
    return { result: 'too_large', status, text: `the body has more than ${maxBodyBytes} bytes` };
  }
  if (status >= 400 && status < 500) {
    return { result: 'invalid', status: 400, text: 'the request cannot be read' };
  }
  log.error('webhook was not handled', { error: describeError(error) });
  return { result: 'failed', status: 500 };
}

/** The status that Fastify gives its own errors; 500 for all others. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}
