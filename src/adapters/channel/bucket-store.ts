/** A channel in a bucket of S3, or of what speaks like it: an object is there wholly or not at all, and is replaced at once. */
import type { BucketAddress } from '../../core/channel/address.ts';
import { OperationError } from '../../core/errors.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { Outbound, OutboundAnswer } from '../../engine/ports/outbound.ts';
import { type AwsCredentials, hashOfBody, signAwsRequest } from '../../network/aws-signature.ts';
import { asStoreFailure, type ChannelStore, hasSameBytes, maxStoredBytes, showsAtOnce } from './store.ts';

export interface BucketOptions {
  readonly address: BucketAddress;
  /** Undefined: whoever asks may read. */
  readonly credentials: (signal: AbortSignal) => Promise<AwsCredentials | undefined>;
  /** PEM. */
  readonly caBundle: string | undefined;
  readonly outbound: Outbound;
  readonly clock: Clock;
}

interface ObjectRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Path below the bucket. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes?: number;
}

const maxPages = 1_000;
/** A page of the list has a thousand names. */
const maxAnswerBytes = 8_388_608;
const baseTimeoutMs = 30_000;
const slowestBytesPerMs = 50;
/** Files whose name says their content never change. */
const fixed = 'public, max-age=31536000, immutable';

export function createBucketStore(options: BucketOptions): ChannelStore {
  const { bucket, prefix, endpoint } = options.address;
  const keyOf = (path: string) => (prefix === '' ? path : `${prefix}/${path}`);
  return {
    ...showsAtOnce,
    place: `s3://${keyOf('').replace(/^/, `${bucket}/`)} at ${endpoint}`,
    async read(path, signal, maxBytes = maxStoredBytes) {
      const answer = await ask(options, { method: 'GET', key: keyOf(path), maxBytes }, signal);
      return answer.status === 404 ? undefined : expect(options, answer, `read ${path}`).bytes;
    },
    async write(path, body, signal) {
      const cache = path === 'timestamp.json' || path === 'graph.json' ? 'no-cache' : fixed;
      const headers = { 'content-type': typeOf(path), 'cache-control': cache };
      expect(options, await ask(options, { method: 'PUT', key: keyOf(path), body, headers }, signal), `write ${path}`);
    },
    async create(path, body, signal) {
      const headers = { 'content-type': typeOf(path), 'cache-control': fixed, 'if-none-match': '*' };
      const answer = await ask(options, { method: 'PUT', key: keyOf(path), body, headers }, signal);
      // 409: somebody else is writing it at this moment.
      if (answer.status === 412 || answer.status === 409) {
        return await hasSameBytes(this, path, body, signal);
      }
      expect(options, answer, `write ${path}`);
      return true;
    },
    async remove(path, signal) {
      const answer = await ask(options, { method: 'DELETE', key: keyOf(path) }, signal);
      if (answer.status !== 404) {
        expect(options, answer, `remove ${path}`);
      }
    },
    list: async (signal) => [...(await list(options, keyOf(''), signal)).keys()],
    listTimes: (signal) => list(options, keyOf(''), signal),
  };
}

function typeOf(path: string): string {
  return path.endsWith('.json') ? 'application/json' : 'application/octet-stream';
}

/** ListObjectsV2, which gives a thousand at a time. */
async function list(options: BucketOptions, prefix: string, signal: AbortSignal): Promise<ReadonlyMap<string, Date>> {
  const times = new Map<string, Date>();
  let token: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const query = { 'list-type': '2', prefix, ...(token !== undefined && { 'continuation-token': token }) };
    const { body } = expect(options, await ask(options, { method: 'GET', key: '', query }, signal), 'list the files');
    for (const [path, time] of readPage(body, prefix)) {
      times.set(path, time);
    }
    token = decodeEntities(/<NextContinuationToken>([^<]*)</.exec(body)?.[1] ?? '');
    if (!/<IsTruncated>true</.test(body) || token === '') {
      return times;
    }
  }
  throw unusable(options, 'list the files', `there are more than ${maxPages} pages of them`);
}

function readPage(body: string, prefix: string): readonly (readonly [string, Date])[] {
  return [...body.matchAll(/<Contents>(.*?)<\/Contents>/gs)].flatMap(([, content = '']) => {
    const path = decodeEntities(/<Key>([^<]*)</.exec(content)?.[1] ?? '').slice(prefix.length);
    const time = new Date(/<LastModified>([^<]*)</.exec(content)?.[1] ?? 0);
    return path === '' || path.endsWith('/') ? [] : [[path, time] as const];
  });
}

function decodeEntities(text: string): string {
  const named = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replaceAll(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) =>
    name.startsWith('#')
      ? String.fromCodePoint(name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)))
      : (Object.entries(named).find(([one]) => one === name)?.[1] ?? whole),
  );
}

async function ask(options: BucketOptions, request: ObjectRequest, signal: AbortSignal): Promise<OutboundAnswer> {
  const { address, caBundle, outbound } = options;
  const { method, key, query = {}, body, maxBytes = maxAnswerBytes } = request;
  const path = `/${address.bucket}/${key}`;
  const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
  const url = `${address.endpoint}${path.split('/').map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
  const headers = await signed(options, { ...request, path, query }, signal);
  const timeoutMs = baseTimeoutMs + Math.ceil((body?.length ?? 0) / slowestBytesPerMs);
  const what = `${method === 'GET' ? 'read' : 'write'} the channel in bucket ${address.bucket}`;
  // A redirect would take the signature, which is for this host, to another one.
  const bounds = { maxBytes, timeoutMs, maxRedirects: 0 };
  return await asStoreFailure(what, signal, () =>
    outbound.send({ what, method, url, headers, ...(body && { body }), caBundle, ...bounds }, signal),
  );
}

async function signed(
  { address, credentials, clock }: BucketOptions,
  request: ObjectRequest & { readonly path: string; readonly query: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { method, path, query, body = '', headers = {} } = request;
  const found = await credentials(signal);
  if (found === undefined) {
    return headers;
  }
  const { host } = new URL(address.endpoint);
  const all = { ...headers, 'x-amz-content-sha256': hashOfBody(body) };
  const scope = { region: address.region, service: 's3', now: clock.now() };
  const { host: _host, ...sent } = signAwsRequest({ method, host, path, query, headers: all, body }, found, scope);
  return sent;
}

function expect(options: BucketOptions, answer: OutboundAnswer, what: string): OutboundAnswer {
  if (answer.status < 200 || answer.status >= 300) {
    const code = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(answer.body)?.[1];
    throw unusable(options, what, `it answers ${answer.status}${code === undefined ? '' : ` (${code})`}`);
  }
  return answer;
}

function unusable({ address }: BucketOptions, what: string, problem: string): OperationError {
  return new OperationError(
    `${what} of the channel in s3://${address.bucket}/${address.prefix} at ${address.endpoint}: ${problem}`,
    { code: 'CHANNEL_STORE_UNUSABLE', retry: 'backoff' },
  );
}
