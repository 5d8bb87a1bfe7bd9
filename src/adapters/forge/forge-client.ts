/** Fulfils the engine's Forge: one bounded request a call, no redirects, no token anywhere but in its header. */
import { request } from 'undici';
import { type ErrorCode, isOperationError, OperationError } from '../../core/errors.ts';
import type { ForgeKind } from '../../core/git/forge-location.ts';
import type { Forge, ForgeRemote } from '../../engine/ports/forge.ts';
import { type AgentPool, createAgentPool } from '../../network/agents.ts';
import { guardWithoutCluster, PlaceForbidden, type PlaceGuard } from '../../network/place-guard.ts';
import { bareHost } from '../../network/proxy.ts';
import type { Dialect, ForgeCall } from './dialect.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';

export const dialects: Readonly<Record<ForgeKind, Dialect>> = { GitHub: github, GitLab: gitlab, Gitea: gitea };

export interface ForgeClient extends Forge {
  close(remote: ForgeRemote, number: number, reason: string, signal: AbortSignal): ReturnType<Forge['close']>;
  /** Ends all connections. */
  destroy(): Promise<void>;
}

const timeoutMs = 20_000;
/** Fifty pull requests of Gitea with whole users and repositories in each are below it by far. */
const maxAnswerBytes = 4 * 2 ** 20;
const longestShown = 300;

/** @param guard where no forge is, whoever names it */
export function createForgeClient(guard: PlaceGuard = guardWithoutCluster()): ForgeClient {
  const agents = createAgentPool({ proxy: undefined, lookupAt: guard.lookupAt });

  const send = async <T>(remote: ForgeRemote, call: ForgeCall<T>, signal: AbortSignal): Promise<T> => {
    const answer = await exchange({ agents, guard }, { remote, call }, signal);
    try {
      return call.decode(answer);
    } catch (error) {
      throw isOperationError(error, 'OBJECT_INVALID') ? failure(remote, call, 'GIT_UNUSABLE', error.message) : error;
    }
  };

  return {
    find: (remote, branches, signal) => send(remote, dialects[remote.kind].find(remote.project, branches), signal),
    open: (remote, asked, signal) => send(remote, dialects[remote.kind].open(remote.project, asked), signal),
    read: (remote, number, signal) => send(remote, dialects[remote.kind].read(remote.project, number), signal),
    edit: (remote, number, text, signal) =>
      send(remote, dialects[remote.kind].edit(remote.project, number, text), signal),
    async close(remote, number, reason, signal) {
      const dialect = dialects[remote.kind];
      const now = await send(remote, dialect.read(remote.project, number), signal);
      if (now.state !== 'Open') {
        return now;
      }
      await send(remote, dialect.comment(remote.project, number, reason), signal);
      return await send(remote, dialect.close(remote.project, number), signal);
    },
    destroy: () => agents.destroy(),
  };
}

interface Exchange {
  readonly remote: ForgeRemote;
  readonly call: ForgeCall<unknown>;
}

/** @returns the JSON of the answer */
async function exchange(
  { agents, guard }: { readonly agents: AgentPool; readonly guard: PlaceGuard },
  { remote, call }: Exchange,
  signal: AbortSignal,
): Promise<unknown> {
  signal.throwIfAborted();
  const url = new URL(`${remote.apiUrl}${call.path}`);
  url.search = new URLSearchParams(call.query).toString();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    await guard.addressesOf({ host: bareHost(url), port: portOf(url) }, limit);
    const response = await request(url, {
      dispatcher: agents.agentFor(url, { caBundle: remote.caBundle }, (cause) =>
        failure(remote, call, 'GIT_UNUSABLE', 'its CA bundle holds no certificate', cause),
      ),
      method: call.method,
      signal: limit,
      headers: {
        ...dialects[remote.kind].headers(remote.token),
        'user-agent': 'headgate',
        ...(call.body && { 'content-type': 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
    });
    const text = await readText(response.body, { remote, call });
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw refusal(remote, call, { status: response.statusCode, text, retryAfter: response.headers['retry-after'] });
    }
    return parseJson(text, { remote, call });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PlaceForbidden) {
      throw failure(remote, call, 'GIT_UNUSABLE', `${error.message}, where no forge is; nothing was sent there`);
    }
    const message = error instanceof Error ? error.message : String(error);
    throw error instanceof OperationError ? error : failure(remote, call, 'GIT_UNREACHABLE', message, error);
  }
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

async function readText(body: AsyncIterable<Buffer>, { remote, call }: Exchange): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxAnswerBytes) {
      throw failure(remote, call, 'GIT_UNUSABLE', `the answer has more than ${maxAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string, { remote, call }: Exchange): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw failure(remote, call, 'GIT_UNUSABLE', 'the answer is no JSON');
  }
}

interface Refused {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: unknown;
}

function refusal(remote: ForgeRemote, call: ForgeCall<unknown>, { status, text, retryAfter }: Refused): OperationError {
  const shown = text.replace(/\s+/g, ' ').replaceAll(/\p{C}/gu, ' ').slice(0, longestShown);
  const seconds = typeof retryAfter === 'string' && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  const code = codeOf(status, seconds);
  const message = `${status} ${shown}`;
  return seconds === undefined
    ? failure(remote, call, code, message)
    : new OperationError(messageOf(remote, call, message), { code, retry: 'after', retryAfterMs: seconds * 1_000 });
}

function codeOf(status: number, retryAfter: number | undefined): ErrorCode {
  if (status === 429 || status >= 500 || retryAfter !== undefined) {
    return 'GIT_UNREACHABLE';
  }
  if (status === 401 || status === 403) {
    return 'GIT_DENIED';
  }
  return status === 404 || status === 410 ? 'GIT_NOT_FOUND' : 'GIT_UNUSABLE';
}

/** No answer of a forge, and no error of a connection, is let out with the token in it. */
function failure(
  remote: ForgeRemote,
  call: ForgeCall<unknown>,
  code: ErrorCode,
  ...[message, cause]: readonly [message: string, cause?: unknown]
): OperationError {
  return new OperationError(messageOf(remote, call, message), { code, retry: 'backoff', cause });
}

function messageOf({ apiUrl, project, token }: ForgeRemote, { what }: ForgeCall<unknown>, message: string): string {
  return `${what} of ${project} at ${apiUrl}: ${message}`.replaceAll(token, '[redacted]');
}
