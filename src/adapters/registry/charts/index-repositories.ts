/** Chart repositories with an index.yaml: one conditional request for all Apps and charts of a repository. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ChartLocation } from '../../../core/chart/chart-location.ts';
import { createSharedLoads, type Loaded, type SharedLoads } from '../../../core/shared-loads.ts';
import type { Clock } from '../../../engine/ports/clock.ts';
import type { RegistryAccess } from '../../../engine/ports/registry.ts';
import { identifyAccess } from '../access-identity.ts';
import type { Answer } from '../answer.ts';
import { type Operation, unexpectedAnswer } from '../failure.ts';
import type { HostGate } from '../host-gate.ts';
import type { Transport } from '../transport.ts';
import { chartInvalid, chartNotFound } from './chart-failure.ts';
import type { IndexEntry } from './index-entry.ts';
import { IndexFault } from './index-reader.ts';
import { type ChartEntries, type ReadIndexBounds, readIndex } from './read-index.ts';

export interface IndexRepositories {
  /** Entries of a chart in the order of the index. */
  findEntries(place: IndexPlace, signal: AbortSignal): Promise<readonly IndexEntry[]>;
  /** @throws REGISTRY_NOT_FOUND besides */
  fetchFile(place: IndexPlace, file: WantedFile, signal: AbortSignal): Promise<Buffer>;
  /** What is asked of the repository from now on is not answered from before. */
  forget(url: string): void;
}

export interface WantedFile {
  readonly url: URL;
  readonly maxBytes: number;
}

export interface IndexPlace {
  readonly location: Extract<ChartLocation, { readonly kind: 'Index' }>;
  readonly access: RegistryAccess;
}

export interface IndexRepositoriesOptions {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly clock: Clock;
  /** How long an answer is good for others who ask the same. */
  readonly maxAgeMs: number;
  readonly bounds: ReadIndexBounds;
}

/** What is known of one index by one access. */
interface Known {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly charts: ChartEntries;
  /** The charts that were looked for, also those that it has not. */
  readonly wanted: ReadonlySet<string>;
}

interface State extends IndexRepositoriesOptions {
  readonly loads: SharedLoads<Known>;
  readonly known: Map<string, Known>;
  readonly wanted: Map<string, Set<string>>;
}

const maxRepositories = 500;
export const maxArchiveBytes = 20 * 2 ** 20;

export function createIndexRepositories(options: IndexRepositoriesOptions): IndexRepositories {
  const nowMs = () => options.clock.now().getTime();
  const loads = createSharedLoads<Known>({ nowMs, maxEntries: maxRepositories });
  const state: State = { ...options, loads, known: new Map(), wanted: new Map() };

  return {
    findEntries: (place, signal) => findEntries(state, place, signal),
    fetchFile: (place, file, signal) => fetchFile(state, place, { ...file, signal }),
    forget: (url) => loads.forgetAll(`${url} `),
  };
}

async function findEntries(state: State, place: IndexPlace, signal: AbortSignal): Promise<readonly IndexEntry[]> {
  const { url, chart } = place.location;
  const key = `${url} ${identifyAccess(place.access)}`;
  want(state, key, chart);
  const load = () => loadIndex(state, key, place);
  let index = await state.loads.get(key, load, signal);
  if (!index.wanted.has(chart)) {
    // It was read for others, who did not look for this chart.
    state.loads.forget(key);
    index = await state.loads.get(key, load, signal);
  }
  const entries = index.charts.get(chart);
  if (entries === undefined) {
    throw chartNotFound(`read index of ${url}`, url, `it has no chart "${chart}"`);
  }
  return entries;
}

function want({ wanted }: State, key: string, chart: string): void {
  const charts = wanted.get(key) ?? new Set();
  charts.add(chart);
  wanted.delete(key);
  wanted.set(key, charts);
  const [oldest] = wanted.keys();
  if (wanted.size > maxRepositories && oldest !== undefined) {
    wanted.delete(oldest);
  }
}

async function loadIndex(state: State, key: string, place: IndexPlace): Promise<Loaded<Known>> {
  // All who ask at the same moment are served by one reading.
  await setImmediate();
  const wanted = new Set(state.wanted.get(key) ?? [place.location.chart]);
  const before = state.known.get(key);
  const usable = before !== undefined && [...wanted].every((chart) => before.wanted.has(chart)) ? before : undefined;
  const known = await requestIndex(state, place, { usable, wanted });
  state.known.delete(key);
  state.known.set(key, known);
  const [oldest] = state.known.keys();
  if (state.known.size > maxRepositories && oldest !== undefined) {
    state.known.delete(oldest);
  }
  return { value: known, expiresAtMs: state.clock.now().getTime() + state.maxAgeMs };
}

async function requestIndex(
  state: State,
  place: IndexPlace,
  { usable, wanted }: { readonly usable: Known | undefined; readonly wanted: ReadonlySet<string> },
): Promise<Known> {
  const url = new URL('index.yaml', place.location.url);
  const operation = { what: `read index of ${place.location.url}`, repository: place.location.url };
  let charts: ChartEntries = new Map();
  const answer = await send(state, place, {
    operation,
    url,
    headers: { accept: '*/*', 'accept-encoding': 'gzip', ...conditionsOf(usable) },
    maxBytes: state.bounds.maxBytes,
    consume: async (body, headers) => {
      const isGzip = headers['content-encoding'] === 'gzip';
      charts = await readIndex(body, wanted, { isGzip, bounds: state.bounds }).catch((error: unknown) => {
        throw error instanceof IndexFault ? chartInvalid(operation.what, operation.repository, error.message) : error;
      });
    },
    // Shared by all who wait: the abort of one of them does not end it, the transport's deadline does.
    signal: new AbortController().signal,
  });
  if (answer.status === 304 && usable !== undefined) {
    return usable;
  }
  if (answer.status !== 200) {
    throw unexpectedAnswer(operation, answer, state.clock.now());
  }
  const { etag, 'last-modified': lastModified } = answer.headers;
  return { etag: textOf(etag), lastModified: textOf(lastModified), charts, wanted };
}

function conditionsOf(known: Known | undefined): Readonly<Record<string, string>> {
  return {
    ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
    ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
  };
}

async function fetchFile(
  state: State,
  place: IndexPlace,
  { url, maxBytes, signal }: WantedFile & { readonly signal: AbortSignal },
): Promise<Buffer> {
  const operation = { what: `fetch ${url.origin}${url.pathname}`, repository: place.location.url };
  const answer = await send(state, place, {
    operation,
    url,
    headers: { accept: '*/*' },
    maxBytes,
    signal,
  });
  if (answer.status !== 200) {
    throw unexpectedAnswer(operation, answer, state.clock.now());
  }
  return answer.body;
}

interface Sending {
  readonly operation: Operation;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly consume?: (body: AsyncIterable<Buffer>, headers: Answer['headers']) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Credentials go to the origin of the repository only, wherever its index says that archives are (Helm's default too). */
async function send({ transport, gate }: State, place: IndexPlace, sending: Sending): Promise<Answer> {
  const { operation, url, headers, signal } = sending;
  const { access } = place;
  const repositoryUrl = new URL(place.location.url);
  const isOwn = url.origin === repositoryUrl.origin;
  const authorization = isOwn && access.credentials !== undefined ? basic(access.credentials) : undefined;
  return await gate.pass({ operation, registry: url.host, access, effort: 'other', signal }, () =>
    transport.send({
      ...sending,
      method: 'GET',
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      access,
      ...(isOwn ? {} : { namedBy: repositoryUrl }),
    }),
  );
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** For digests that an index does not tell. */
export function digestOf(archive: Buffer): string {
  return `sha256:${createHash('sha256').update(archive).digest('hex')}`;
}
