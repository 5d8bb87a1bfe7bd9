/**
 * The built web UI from a folder. Its routes are all one page: whatever is no file and asks for HTML gets index.html, with the path prefix
 * in `<base href>` and a nonce for the styles that the page makes itself (`<meta name="csp-nonce">`).
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../telemetry/log.ts';
import { Problem, sendProblem } from './problem.ts';

export interface PagesOptions {
  readonly prefix: string;
  /** Undefined: there is no web UI; `/` leads to the description of the API. */
  readonly pages: string | undefined;
  readonly log: Logger;
}

const yearMs = 31_536_000_000;
const nonceBytes = 16;

/** @throws Error when the folder has no index.html */
export async function addPages(scope: FastifyInstance, { prefix, pages, log }: PagesOptions): Promise<void> {
  if (pages === undefined) {
    scope.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect(`${prefix}/api`));
    return;
  }
  const html = await readFile(join(pages, 'index.html'), 'utf8');
  const page = (reply: FastifyReply) => {
    const nonce = randomBytes(nonceBytes).toString('base64');
    return reply
      .header('content-security-policy', policyOf(nonce))
      .type('text/html; charset=utf-8')
      .send(fill(html, `${prefix}/`, nonce));
  };
  await scope.register(staticFiles, {
    root: resolve(pages, 'assets'),
    prefix: '/assets/',
    index: false,
    preCompressed: true,
    // Their names carry the hash of their content.
    immutable: true,
    maxAge: yearMs,
    setHeaders: (response) => response.header('content-security-policy', "default-src 'none'"),
  });
  scope.get('/', { schema: { hide: true } }, async (_request, reply) => page(reply));
  scope.setNotFoundHandler((request, reply) =>
    isPage(request, prefix)
      ? page(reply.code(200))
      : sendProblem(reply, new Problem('not-found', 'there is nothing at this path'), log),
  );
}

/** What a browser opens, as against what a program asks for. */
function isPage({ method, url, headers }: FastifyRequest, prefix: string): boolean {
  const path = url.slice(prefix.length);
  const isOfApi = /^\/(api|assets)(\/|\?|$)/.test(path);
  return method === 'GET' && !isOfApi && headers.accept?.includes('text/html') === true;
}

function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function fill(html: string, base: string, nonce: string): string {
  const head = `<head><base href="${base}"><meta name="csp-nonce" content="${nonce}">`;
  return html.replace('<head>', () => head);
}
