/**
 * How a request proves who it comes from. Every kind answers the same two questions, so the transport knows none of them.
 */
import { readFile } from 'node:fs/promises';
import { OperationError } from '../core/errors.ts';
import type { Clock } from './clock.ts';

/** PEM texts of a client certificate. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What to send now: an Authorization header, a client certificate, both or none. */
export interface Proof {
  readonly authorization?: string;
  readonly clientCertificate?: ClientCertificate;
}

export interface Credentials {
  current(signal: AbortSignal): Promise<Proof>;
  /** The server answered 401: whatever was remembered is wrong. Answers whether asking again can give something else. */
  invalidate(): boolean;
}

/** A token or password that never changes, or nothing at all. */
export function fixedCredentials(proof: Proof): Credentials {
  return {
    current: () => Promise.resolve(proof),
    invalidate: () => false,
  };
}

/** A kubelet renews a projected token when 80 % of its life is over; client-go re-reads it every minute too. */
const tokenFileMaxAgeMs = 60_000;
/** Tokens are a few kilobytes. A larger file is a mistake, and would not fit a header. */
const maxTokenLength = 16_384;

/** A token in a file that somebody else rotates. Throws CONFIG_INVALID (retry backoff) while the file is missing or empty. */
export function tokenFileCredentials(path: string, clock: Clock): Credentials {
  let cached: { readonly proof: Proof; readonly readAtMs: number } | undefined;
  return {
    async current() {
      if (cached === undefined || clock.monotonicMs() - cached.readAtMs > tokenFileMaxAgeMs) {
        cached = { proof: { authorization: `Bearer ${await readToken(path)}` }, readAtMs: clock.monotonicMs() };
      }
      return cached.proof;
    },
    invalidate() {
      cached = undefined;
      return true;
    },
  };
}

async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new OperationError(`read token file ${path}: ${(cause as NodeJS.ErrnoException).code ?? 'unreadable'}`, {
      code: 'CONFIG_INVALID',
      retry: 'backoff',
      context: { path },
      cause,
    });
  }
  if (text === '' || text.length > maxTokenLength) {
    const what = text === '' ? 'file is empty' : `longer than ${maxTokenLength} characters`;
    throw new OperationError(`read token file ${path}: ${what}`, {
      code: 'CONFIG_INVALID',
      retry: 'backoff',
      context: { path },
    });
  }
  return text;
}
