import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withProgress } from './run-command.ts';
import type { Download } from './tools.ts';

/** A host that does not answer within this time is taken for unreachable: many networks drop instead of refusing. */
const answerTimeoutMs = 4000;
const downloadTimeoutMs = 15 * 60_000;
const longestChecksumBytes = 1024;

/** Downloads of one run. A host that failed once is not asked again. */
export class Downloads {
  readonly #failedHosts = new Map<string, string>();

  /** Why hosts failed, one line each. */
  get failures(): readonly string[] {
    return [...this.#failedHosts.values()];
  }

  /** Puts an executable at `path` when its checksum is right. Returns undefined, or why there is no download. */
  async fetch(download: Download, path: string): Promise<string | undefined> {
    const { host } = new URL(download.url);
    const earlier = this.#failedHosts.get(host);
    if (earlier !== undefined) {
      return earlier;
    }
    try {
      const expected = await fetchChecksum(download.checksumUrl);
      await withProgress(`download ${download.url}`, () => fetchExecutable(download.url, expected, path));
      return undefined;
    } catch (error) {
      const reason = `download from ${host}: ${describe(error)}`;
      this.#failedHosts.set(host, reason);
      return reason;
    }
  }
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error instanceof Error ? error.message : String(error)}${cause}`;
}

async function fetchChecksum(url: string): Promise<string> {
  const response = await open(url);
  const length = Number(response.headers.get('content-length') ?? 0);
  if (length > longestChecksumBytes) {
    throw new Error(`${url}: ${length} bytes are no checksum`);
  }
  const checksum = (await response.text()).slice(0, longestChecksumBytes).trim().split(/\s+/)[0] ?? '';
  if (!/^[0-9a-f]{64}$/.test(checksum)) {
    throw new Error(`${url}: not a SHA-256`);
  }
  return checksum;
}

async function fetchExecutable(url: string, expected: string, path: string): Promise<void> {
  const response = await open(url);
  if (response.body === null) {
    throw new Error(`${url}: empty answer`);
  }
  const part = `${path}.${process.pid}.part`;
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body), hashing, createWriteStream(part), {
      signal: AbortSignal.timeout(downloadTimeoutMs),
    });
    const actual = hash.digest('hex');
    if (actual !== expected) {
      throw new Error(`${url}: SHA-256 is ${actual}, published is ${expected}`);
    }
    await chmod(part, 0o755);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

async function open(url: string): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer within ${answerTimeoutMs / 1000} s`)),
    answerTimeoutMs,
  );
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) {
      throw new Error(`${url}: ${response.status} ${response.statusText}`);
    }
    return response;
  } finally {
    clearTimeout(timer);
  }
}
