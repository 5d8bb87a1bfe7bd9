/** A way to a real server that breaks at one of the requests that change something, as a full disk, a read-only disk or a killed process would. */
import type { IncomingMessage } from 'node:http';
import { request as ask, type Dispatcher } from 'undici';
import { startHttpServer, type TestServer } from './http-server.ts';

export interface Break {
  /** Counts the requests that change something, from 1. */
  readonly at: number;
  /** Before: it never arrives. Half: half of its body does. After: it arrives, and the answer is lost. Full: the server says that it is full. */
  readonly how: 'before' | 'half' | 'after' | 'full';
}

export interface WeakLink extends TestServer {
  /** Undefined: it holds. */
  breaks: Break | undefined;
  /** Requests that changed something, or would have, since the last reset. */
  writes: number;
}

const insufficientStorage = 507;

/**
 * @param target origin of the real server
 * @param isWrite which requests change something; default by method
 */
export async function startWeakLink(
  target: string,
  isWrite: (method: string, path: string) => boolean = (method) => !['GET', 'HEAD'].includes(method),
): Promise<WeakLink> {
  const server = await startHttpServer(async (incoming, response, url) => {
    const body = await readAll(incoming);
    const how = nextBreak(link, isWrite(incoming.method ?? '', `${url.pathname}${url.search}`));
    if (how === 'before') {
      response.destroy();
      return;
    }
    if (how === 'full') {
      response.writeHead(insufficientStorage).end();
      return;
    }
    const sent = how === 'half' ? body.subarray(0, Math.floor(body.length / 2)) : body;
    const { statusCode, headers, bytes } = await forward(`${target}${url.pathname}${url.search}`, incoming, sent);
    if (how !== undefined) {
      response.destroy();
      return;
    }
    response.writeHead(statusCode, headers).end(incoming.method === 'HEAD' ? undefined : bytes);
  });
  const link: WeakLink = Object.assign(server, { breaks: undefined, writes: 0 });
  return link;
}

function nextBreak(link: WeakLink, isWrite: boolean): Break['how'] | undefined {
  link.writes += isWrite ? 1 : 0;
  return isWrite && link.breaks?.at === link.writes ? link.breaks.how : undefined;
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Of one connection, not of what goes through it. */
const ofConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect']);

function without(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  names: ReadonlySet<string>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (names.has(name) || value === undefined ? [] : [[name, value]])),
  );
}

async function forward(url: string, { method = 'GET', headers }: IncomingMessage, body: Buffer) {
  const answer = await ask(url, {
    method: method as Dispatcher.HttpMethod,
    headers: without(headers, new Set([...ofConnection, 'content-length'])),
    ...(['GET', 'HEAD'].includes(method) ? {} : { body }),
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  return { statusCode: answer.statusCode, headers: without(answer.headers, ofConnection), bytes };
}
