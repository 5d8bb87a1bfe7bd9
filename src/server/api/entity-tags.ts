/** ETags over what is answered, so that a page that asks again is told "the same" in a few bytes. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Hook `onSend`: tags JSON that was asked for by GET, and answers 304 when the caller has it. */
export async function answerUnchanged(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') {
    return payload;
  }
  const tag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`;
  reply.header('etag', tag).header('cache-control', 'private, no-cache').header('vary', 'authorization, cookie');
  if (matches(request.headers['if-none-match'], tag)) {
    reply.code(304).removeHeader('content-length').removeHeader('content-type');
    return '';
  }
  return payload;
}

/** RFC 9110 section 13.1.2: a list of tags, weak ones too, or a star. */
function matches(header: string | undefined, tag: string): boolean {
  const known = header?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  return known.includes(tag) || known.includes('*');
}
