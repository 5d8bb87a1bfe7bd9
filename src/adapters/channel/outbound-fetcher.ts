/** Fetches files of a channel for tuf-js: bounded in size and time, mirrors in turn, and only what changed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError, DownloadLengthMismatchError } from 'tuf-js/dist/error.js';
import { isOperationError, type OperationError } from '../../core/errors.ts';
import type { Outbound, OutboundAnswer } from '../../engine/ports/outbound.ts';
import type { ChannelFiles } from './store.ts';

/** What tuf-js is told as address; each mirror stands for it. */
export const anyMirror = 'https://channel.invalid/';

export interface FetcherOptions {
  readonly outbound: Outbound;
  readonly urls: readonly string[];
  readonly authorization: string | undefined;
  readonly caBundle: string | undefined;
  /** By address: those that are not asked over the web. */
  readonly files: ReadonlyMap<string, ChannelFiles>;
  readonly kept: KeptAnswers;
  readonly signal: AbortSignal;
}

/** Answers that a server may confirm by 304, by address. */
export type KeptAnswers = Map<
  string,
  { readonly validators: Readonly<Record<string, string>>; readonly bytes: Buffer }
>;

/** A slow server is given up, however steadily it drips. */
const baseTimeoutMs = 20_000;
const slowestBytesPerMs = 50;
const notFound = 404;
const forbidden = 403;

export class OutboundFetcher implements Fetcher {
  readonly #options: FetcherOptions;
  /** What was answered: whoever asks the same again in one look means the same. */
  readonly #answers = new Map<string, Promise<Buffer>>();
  /** What went wrong at last, with what tuf-js leaves out. */
  failure: OperationError | undefined;
  /** By the server's clock. */
  serverTime: Date | undefined;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  async downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T> {
    const bytes = await this.downloadBytes(url, maxLength);
    const folder = await mkdtemp(join(tmpdir(), 'headgate-channel-'));
    try {
      const file = join(folder, 'file');
      await writeFile(file, bytes);
      return await handler(file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    const answer = this.#answers.get(url) ?? this.#download(url, maxLength);
    this.#answers.set(url, answer);
    // That something is not there is an answer, too; what failed may be there the next time.
    answer.catch((error: unknown) => (isMissing(error) ? undefined : this.#answers.delete(url)));
    return answer;
  }

  async #download(url: string, maxLength: number): Promise<Buffer> {
    const path = url.slice(anyMirror.length);
    let missing: unknown;
    for (const mirror of this.#options.urls) {
      try {
        return this.#options.files.has(mirror)
          ? await this.#readFile(mirror, path, maxLength)
          : await this.#fetch(`${mirror}${path}`, maxLength);
      } catch (error) {
        this.#options.signal.throwIfAborted();
        if (!this.#isOfMirror(error, path)) {
          throw error;
        }
        missing ??= error;
      }
    }
    throw missing ?? new DownloadHTTPError('there is no address to ask', notFound);
  }

  /** Whether another mirror may do better. That there is no newer root is the usual answer, and no mirror need be asked the same. */
  #isOfMirror(error: unknown, path: string): boolean {
    if (isOperationError(error)) {
      this.failure = error;
      return true;
    }
    return error instanceof DownloadHTTPError && !(isMissing(error) && path.endsWith('.root.json'));
  }

  async #readFile(mirror: string, path: string, maxLength: number): Promise<Buffer> {
    const { files, signal } = this.#options;
    const bytes = await files.get(mirror)?.read(path, signal, maxLength);
    if (bytes === undefined) {
      throw new DownloadHTTPError(`it has no file ${path}`, notFound);
    }
    return bounded(bytes, maxLength);
  }

  async #fetch(url: string, maxLength: number): Promise<Buffer> {
    const answer = await this.#ask(url, maxLength);
    const kept = this.#options.kept.get(url);
    if (answer.status === 304 && kept !== undefined) {
      return bounded(kept.bytes, maxLength);
    }
    if (answer.status !== 200) {
      // A server that is ill says nothing about whether there is such a file.
      throw new DownloadHTTPError(`${sayAddress(url)} answers ${answer.status}`, answer.status);
    }
    this.#keep(url, answer);
    return answer.bytes;
  }

  async #ask(url: string, maxLength: number): Promise<OutboundAnswer> {
    const { outbound, authorization, caBundle, kept, signal } = this.#options;
    const answer = await outbound.send(
      {
        what: 'read the channel',
        method: 'GET',
        url,
        headers: {
          ...kept.get(url)?.validators,
          // What is packed could become endless when it is unpacked.
          'accept-encoding': 'identity',
          ...(authorization !== undefined && { authorization }),
        },
        caBundle,
        maxBytes: maxLength,
        timeoutMs: baseTimeoutMs + Math.ceil(maxLength / slowestBytesPerMs),
      },
      signal,
    );
    const date = Date.parse(answer.headers.get('date') ?? '');
    this.serverTime = Number.isNaN(date) ? this.serverTime : new Date(date);
    return answer;
  }

  /** Only of what has one name for ever-changing content. */
  #keep(url: string, { headers, bytes }: OutboundAnswer): void {
    const etag = headers.get('etag');
    const modified = headers.get('last-modified');
    if (!url.endsWith('/timestamp.json') || (etag ?? modified) === undefined) {
      return;
    }
    const validators = etag === undefined ? { 'if-modified-since': modified ?? '' } : { 'if-none-match': etag };
    this.#options.kept.set(url, { validators, bytes });
  }
}

/** Whether a file is not there, which for the next root means that there is none. */
export function isMissing(error: unknown): boolean {
  return error instanceof DownloadHTTPError && (error.statusCode === notFound || error.statusCode === forbidden);
}

function bounded(bytes: Buffer, maxLength: number): Buffer {
  if (bytes.length > maxLength) {
    throw new DownloadLengthMismatchError(`it has more than ${maxLength} bytes`);
  }
  return bytes;
}

function sayAddress(url: string): string {
  const { host, pathname } = URL.parse(url) ?? {};
  return host === undefined ? 'the server' : `${host}, asked for ${pathname},`;
}
