/** Reads the bytes of an index, piece by piece, so that the event loop is never held for long. */
import { pipeline } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { FAILSAFE_SCHEMA, load } from 'js-yaml';
import { isRecord } from '../failure.ts';
import { type IndexEntry, toEntry } from './index-entry.ts';
import { createIndexReader, FlowFault, type IndexBounds, IndexFault, type IndexReader } from './index-reader.ts';

export interface ReadIndexBounds extends IndexBounds {
  /** Unpacked. */
  readonly maxBytes: number;
  /** Of an index that is JSON, which is parsed in one go. */
  readonly maxJsonBytes: number;
}

export const defaultIndexBounds: ReadIndexBounds = {
  maxBytes: 256 * 2 ** 20,
  maxJsonBytes: 4 * 2 ** 20,
  maxVersions: 20_000,
  maxLineLength: 2 ** 20,
  maxEntryLength: 2 ** 16,
};

export type ChartEntries = ReadonlyMap<string, readonly IndexEntry[]>;

const bytesBetweenPauses = 2 ** 17;

/**
 * The entries of the wanted charts, those that the index has.
 *
 * @throws IndexFault
 */
export async function readIndex(
  body: AsyncIterable<Buffer>,
  wanted: ReadonlySet<string>,
  { isGzip, bounds }: { readonly isGzip: boolean; readonly bounds: ReadIndexBounds },
): Promise<ChartEntries> {
  let collector: Collector | undefined;
  for await (const chunk of paced(isGzip ? unzip(body) : body)) {
    collector ??= beginsJson(chunk) ? new JsonCollector(wanted, bounds) : new YamlCollector(wanted, bounds);
    collector.add(chunk);
  }
  if (collector === undefined) {
    throw new IndexFault('it is empty');
  }
  return collector.finish();
}

interface Collector {
  add(chunk: Buffer): void;
  finish(): ChartEntries;
}

/** Lets others have a turn now and then, also when everything has come already. */
async function* paced(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let sincePause = 0;
  for await (const chunk of body) {
    yield chunk;
    sincePause += chunk.length;
    if (sincePause >= bytesBetweenPauses) {
      sincePause = 0;
      await setImmediate();
    }
  }
}

async function* unzip(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 65_536 });
  // An error of either end comes out where the pieces are taken.
  pipeline(body, gunzip, () => undefined);
  try {
    yield* gunzip;
  } catch (error) {
    throw error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
      ? new IndexFault(`it is no gzip stream (${error.message})`)
      : error;
  }
}

class LineSplitter implements Collector {
  readonly #reader: IndexReader;
  readonly #bounds: ReadIndexBounds;
  readonly #decoder = new TextDecoder('utf-8');
  #size = 0;
  #rest = '';

  constructor(wanted: ReadonlySet<string>, bounds: ReadIndexBounds) {
    this.#reader = createIndexReader(wanted, bounds);
    this.#bounds = bounds;
  }

  add(chunk: Buffer): void {
    this.#size = grown(this.#size, chunk, this.#bounds.maxBytes);
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#reader.addLine(text.slice(start, text[end - 1] === '\r' ? end - 1 : end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > this.#bounds.maxLineLength) {
      throw new IndexFault(`it has a line of more than ${this.#bounds.maxLineLength} characters`);
    }
  }

  finish(): ChartEntries {
    this.#reader.addLine(this.#rest);
    return this.#reader.finish();
  }
}

/** A YAML parser holds all of it at once, and everybody else up. */
const maxFlowBytes = 2 ** 20;

/** Reads line by line; an index in flow style, which few programs write, is parsed whole where it is small. */
class YamlCollector implements Collector {
  readonly #lines: LineSplitter;
  readonly #wanted: ReadonlySet<string>;
  readonly #bounds: ReadIndexBounds;
  /** All that has come, while it is little. */
  #kept: Buffer[] | undefined = [];
  #size = 0;
  #fault: FlowFault | undefined;

  constructor(wanted: ReadonlySet<string>, bounds: ReadIndexBounds) {
    this.#lines = new LineSplitter(wanted, bounds);
    this.#wanted = wanted;
    this.#bounds = bounds;
  }

  add(chunk: Buffer): void {
    this.#size += chunk.length;
    this.#kept = this.#size > maxFlowBytes ? undefined : this.#kept;
    this.#kept?.push(chunk);
    if (this.#fault === undefined) {
      this.#attempt(() => this.#lines.add(chunk));
    } else if (this.#kept === undefined) {
      throw this.#fault;
    }
  }

  finish(): ChartEntries {
    const charts = this.#fault === undefined ? this.#attempt(() => this.#lines.finish()) : undefined;
    return charts ?? chartsOf(parseFlow(Buffer.concat(this.#kept ?? [])), this.#wanted, this.#bounds);
  }

  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FlowFault) || this.#kept === undefined) {
        throw error;
      }
      this.#fault = error;
      return undefined;
    }
  }
}

/** Aliases share what they stand for, so that none makes it grow. */
function parseFlow(bytes: Buffer): unknown {
  try {
    return load(bytes.toString('utf8'), { schema: FAILSAFE_SCHEMA });
  } catch (error) {
    throw new IndexFault(
      `it is not readable as YAML (${error instanceof Error ? error.message.slice(0, 80) : 'unknown'})`,
    );
  }
}

class JsonCollector implements Collector {
  readonly #wanted: ReadonlySet<string>;
  readonly #bounds: ReadIndexBounds;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(wanted: ReadonlySet<string>, bounds: ReadIndexBounds) {
    this.#wanted = wanted;
    this.#bounds = bounds;
  }

  add(chunk: Buffer): void {
    this.#size = grown(this.#size, chunk, this.#bounds.maxJsonBytes);
    this.#chunks.push(chunk);
  }

  finish(): ChartEntries {
    return chartsOf(parseJson(Buffer.concat(this.#chunks)), this.#wanted, this.#bounds);
  }
}

function grown(size: number, chunk: Buffer, maxBytes: number): number {
  if (size + chunk.length > maxBytes) {
    throw new IndexFault(`it has more than ${maxBytes} bytes`);
  }
  return size + chunk.length;
}

function beginsJson(chunk: Buffer): boolean {
  return chunk.toString('latin1', 0, 64).trimStart().startsWith('{');
}

function chartsOf(index: unknown, wanted: ReadonlySet<string>, { maxVersions }: IndexBounds): ChartEntries {
  const entries = isRecord(index) ? index['entries'] : undefined;
  if (!isRecord(entries)) {
    throw new IndexFault('it has no "entries"');
  }
  const charts = new Map<string, readonly IndexEntry[]>();
  for (const chart of wanted) {
    const versions = Object.hasOwn(entries, chart) ? entries[chart] : undefined;
    if (versions === undefined) {
      continue;
    }
    if (!Array.isArray(versions) || versions.length > maxVersions) {
      throw new IndexFault(`"${chart}" is no list of at most ${maxVersions} versions`);
    }
    charts.set(
      chart,
      versions.flatMap((version: unknown) => toEntry(version) ?? []),
    );
  }
  return charts;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new IndexFault('it is neither YAML in block style nor JSON');
  }
}
