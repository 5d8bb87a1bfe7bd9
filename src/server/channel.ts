/** Serves the folder of channels: plain files, as any web server would, with what lets clusters and caches ask little. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';

/** Below it an ETag is made of the content, so that a file written anew with the same content is the same. */
const smallBytes = 65_536;
const notFound = 404;

/** The server, not yet listening. Nothing that begins with a dot is served, nor what a link leads to outside of the folder. */
export function createChannelServer({ folder }: { readonly folder: string }): FastifyInstance {
  const server = Fastify({ logger: false, bodyLimit: 1_024, exposeHeadRoutes: true });
  server.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const file = await findFile(folder, request.params['*']);
    if (file === undefined) {
      // The next root is asked for by everybody, and is nearly never there.
      return reply.code(notFound).header('cache-control', 'max-age=5').type('text/plain').send('not found\n');
    }
    return await sendFile(reply, file, request.headers['if-none-match']);
  });
  return server;
}

interface Found {
  readonly path: string;
  readonly size: number;
}

async function findFile(folder: string, wanted: string): Promise<Found | undefined> {
  const parts = wanted.split('/');
  if (parts.some((part) => part === '' || part.startsWith('.') || part.includes('\0') || part.includes(sep))) {
    return undefined;
  }
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, ...parts))]);
    const { size, isFile } = await stat(path).then((one) => ({ size: one.size, isFile: one.isFile() }));
    return isFile && path.startsWith(`${root}${sep}`) ? { path, size } : undefined;
  } catch {
    return undefined;
  }
}

async function sendFile(reply: FastifyReply, { path, size }: Found, known: string | undefined): Promise<FastifyReply> {
  const isFixed = /(^|\/)(\d+\.[^/]+\.json|[0-9a-f]{64}\.[^/]+)$/.test(path);
  reply.header('cache-control', isFixed ? 'public, max-age=31536000, immutable' : 'no-cache');
  reply.type(path.endsWith('.json') ? 'application/json' : 'application/octet-stream');
  if (size > smallBytes) {
    return reply.header('content-length', size).send(createReadStream(path));
  }
  const content = await readFile(path);
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  reply.header('etag', etag);
  return known === etag ? reply.code(304).send() : reply.send(content);
}
