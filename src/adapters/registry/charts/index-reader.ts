/**
 * Reads an index.yaml line by line and keeps only the wanted charts. An index can have 30 MB and more, of which one chart is a
 * small part; a YAML parser would hold all of it in memory, several times over, and the event loop for seconds.
 *
 * It understands the block style in which Helm, ChartMuseum, Harbor, Artifactory and others write, by its indentation. What it
 * cannot tell for sure is an IndexFault, never a shorter list.
 */
import { entryFields, type IndexEntry, readYamlEntry } from './index-entry.ts';

/** What is wrong with an index, as a part of a sentence. */
export class IndexFault extends Error {}

/** It may well be an index, but not one that can be read line by line. */
export class FlowFault extends IndexFault {}

export interface IndexBounds {
  /** Of one chart. */
  readonly maxVersions: number;
  readonly maxLineLength: number;
  /** Of what is read of one version. */
  readonly maxEntryLength: number;
}

export interface IndexReader {
  /** @throws IndexFault */
  addLine(line: string): void;
  /** Entries of each wanted chart that the index has. @throws IndexFault when it was no index */
  finish(): ReadonlyMap<string, readonly IndexEntry[]>;
}

interface State {
  readonly wanted: ReadonlySet<string>;
  readonly bounds: IndexBounds;
  readonly charts: Map<string, IndexEntry[]>;
  /** Where in the text: before or behind the entries, or in them. */
  place: 'Outside' | 'Entries';
  hasEntries: boolean;
  /** Indentation of the names of charts; known from the first of them. */
  chartIndent: number;
  /** The wanted chart that the lines belong to. */
  chart: IndexEntry[] | undefined;
  /** Indentation of the dashes of its versions, and of the fields behind them. */
  itemIndent: number;
  fieldIndent: number;
  /** The lines that are kept of a version. */
  kept: string[];
  keptLength: number;
  isKeeping: boolean;
}

export function createIndexReader(wanted: ReadonlySet<string>, bounds: IndexBounds): IndexReader {
  const state: State = {
    wanted,
    bounds,
    charts: new Map(),
    place: 'Outside',
    hasEntries: false,
    chartIndent: -1,
    chart: undefined,
    itemIndent: -1,
    fieldIndent: -1,
    kept: [],
    keptLength: 0,
    isKeeping: false,
  };
  return {
    addLine: (line) => addLine(state, line),
    finish() {
      endItem(state);
      if (!state.hasEntries) {
        throw new IndexFault('it has no "entries"');
      }
      return state.charts;
    },
  };
}

const blank = 0x20;
const dash = 0x2d;
const hash = 0x23;

function addLine(state: State, line: string): void {
  const indent = indentOf(line);
  if (indent === line.length || line.charCodeAt(indent) === hash) {
    return;
  }
  if (indent === 0 && !isDash(line, 0)) {
    endItem(state);
    state.chart = undefined;
    startSection(state, line);
  } else if (state.place === 'Entries') {
    addEntryLine(state, line, indent);
  }
}

function startSection(state: State, line: string): void {
  if (line === '---') {
    return;
  }
  const { key, value } = splitKey(line);
  state.place = key === 'entries' ? 'Entries' : 'Outside';
  if (key === 'entries') {
    state.hasEntries = true;
    refuseFlow('entries', value);
  }
}

function addEntryLine(state: State, line: string, indent: number): void {
  if (state.chartIndent < 0) {
    state.chartIndent = indent;
  }
  if (indent < state.chartIndent) {
    throw new IndexFault('its entries are not indented alike');
  }
  // The dashes of a list may stand right below the name that it belongs to.
  if (indent === state.chartIndent && !isDash(line, indent)) {
    endItem(state);
    startChart(state, line);
  } else if (state.chart !== undefined) {
    addItemLine(state, state.chart, { line, indent });
  }
}

function startChart(state: State, line: string): void {
  const { key, value } = splitKey(line);
  state.chart = undefined;
  state.itemIndent = -1;
  if (key === undefined) {
    throw new IndexFault('its entries have a line that is no name of a chart');
  }
  if (state.wanted.has(key)) {
    refuseFlow(key, value);
    if (state.charts.has(key)) {
      throw new IndexFault(`it has "${key}" twice`);
    }
    state.chart = [];
    state.charts.set(key, state.chart);
  }
}

function addItemLine(state: State, chart: IndexEntry[], { line, indent }: { line: string; indent: number }): void {
  if (state.itemIndent < 0) {
    state.itemIndent = indent;
  }
  if (indent < state.itemIndent || (indent === state.itemIndent && !isDash(line, indent))) {
    throw new IndexFault('the versions of a chart are not indented alike');
  }
  if (indent > state.itemIndent) {
    addFieldLine(state, line, indent);
    return;
  }
  endItem(state);
  if (chart.length >= state.bounds.maxVersions) {
    throw new IndexFault(`a chart has more than ${state.bounds.maxVersions} versions`);
  }
  state.fieldIndent = -1;
  const rest = `${line.slice(0, indent)} ${line.slice(indent + 1)}`;
  const fieldIndent = indentOf(rest);
  if (fieldIndent < rest.length) {
    addFieldLine(state, rest, fieldIndent);
  }
}

function addFieldLine(state: State, line: string, indent: number): void {
  if (state.fieldIndent < 0) {
    state.fieldIndent = indent;
  }
  if (indent === state.fieldIndent && !isDash(line, indent)) {
    state.isKeeping = entryFields.has(splitKey(line).key ?? '');
  }
  if (state.isKeeping) {
    state.keptLength += line.length;
    if (state.keptLength > state.bounds.maxEntryLength) {
      throw new IndexFault(`a version of a chart has more than ${state.bounds.maxEntryLength} characters`);
    }
    state.kept.push(line);
  }
}

function endItem(state: State): void {
  if (state.kept.length > 0 && state.chart !== undefined) {
    const entry = readYamlEntry(state.kept.join('\n'));
    if (entry !== undefined) {
      state.chart.push(entry);
    }
  }
  state.kept = [];
  state.keptLength = 0;
  state.isKeeping = false;
}

/** `{}` and `[]` are the only values on the line of a name that can be told without a parser. */
function refuseFlow(name: string, value: string): void {
  if (value !== '' && value !== '{}' && value !== '[]' && !value.startsWith('#')) {
    throw new FlowFault(`"${name}" is not written in block style, as helm repo index does`);
  }
}

const keyPattern = /^\s*(?:"([^"\\]*)"|'([^']*)'|([^\s"'#&*!|>%@`{[][^#]{0,250}?))\s{0,100}:(?=\s|$)/;

/**
 * Bounded, as each character of a name is tried with all the spaces after it: 100,000 of them took seconds. The value is what follows, and
 * no part of the pattern: 100,000 spaces before the end of a line within it took seconds, too.
 */
function splitKey(line: string): { readonly key: string | undefined; readonly value: string } {
  const [found = '', double, single, plain] = keyPattern.exec(line) ?? [];
  return { key: double ?? single ?? plain, value: found === '' ? '' : line.slice(found.length).trim() };
}

function isDash(line: string, at: number): boolean {
  const next = line.charCodeAt(at + 1);
  return line.charCodeAt(at) === dash && (next === blank || Number.isNaN(next));
}

function indentOf(line: string): number {
  let indent = 0;
  while (line.charCodeAt(indent) === blank) {
    indent += 1;
  }
  return indent;
}
