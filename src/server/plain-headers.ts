import type { FastifyRequest } from 'fastify';

/** Node joins repeated headers; the few that it gives as lists are none of ours. */
export function plainHeaders(headers: FastifyRequest['headers']): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries);
}
