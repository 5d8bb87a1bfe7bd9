/** What was measured of faults at the steps of an Update, cell by cell, and the page that shows it. */
import { type WayBack, wayBackLines } from './way-back-line.ts';

/** Phases of an Update at which something breaks, in their order. */
export const moments = ['Pending', 'BackingUp', 'Applying', 'Watching', 'RollingBack', 'VerifyingRollback'] as const;

export type Moment = (typeof moments)[number];

export interface Outcome {
  readonly phase: string;
  readonly rows: 'equal' | 'other';
  /** What is not as it must be of the record and of what runs: an open step, something left stopped, another image. */
  readonly lacks: readonly string[];
  /** From the moment to the end. */
  readonly seconds: number;
  /** Why it was not the version's fault, where it ended as Failed. */
  readonly because?: string;
}

/** One fault at one moment. */
export interface Cell {
  readonly fault: string;
  readonly moment: Moment;
  /** A text tells why there is none. */
  readonly outcome: Outcome | string;
}

/** Rows of the table; `where` says why a fault cannot happen at the other moments. */
export interface FaultRow {
  readonly name: string;
  readonly only?: { readonly moments: readonly Moment[]; readonly because: string };
  /** Phases that it may end in. */
  readonly ends: readonly string[];
}

/** What was measured before, with the new cells in the place of those of their fault and moment. */
export function withCells(before: readonly Cell[], fresh: readonly Cell[]): readonly Cell[] {
  const isSame = (one: Cell, other: Cell) => one.fault === other.fault && one.moment === other.moment;
  return [...before.filter((old) => !fresh.some((cell) => isSame(old, cell))), ...fresh];
}

/** Fully old or fully new, with every row and a whole record. */
export function isGood({ ends }: FaultRow, { outcome }: Cell): boolean {
  return (
    typeof outcome !== 'string' &&
    ends.includes(outcome.phase) &&
    outcome.rows === 'equal' &&
    outcome.lacks.length === 0
  );
}

export function faultsPage(
  rows: readonly FaultRow[],
  { cells, waysBack }: { readonly cells: readonly Cell[]; readonly waysBack: readonly WayBack[] },
): string {
  return [
    '# What may break during an update',
    '',
    'A shop with PostgreSQL takes a version that drops a table and crashes: backup, change, verdict, the data back, the former version. Something breaks',
    'when the Update reaches a phase. Each cell: how it ended, whether every row is as before the update (checksum), and the seconds from the fault to the',
    'end; what is not as it must be of the record or of what runs is named. Several shops go at once, so that each meets the faults of the others too.',
    'Measured by `make bench NAME=faults`, which keeps what it measured in `bench/faults/measured.json`; this page is generated from it. The seconds are',
    'those of a machine of two cores on which other work ran.',
    '',
    `| what breaks | ${moments.join(' | ')} |`,
    `|---|${moments.map(() => '---').join('|')}|`,
    ...rows.map((row) => rowOf(row, cells)),
    '',
    ...wayBackLines(waysBack),
    'A disk that is too small for what comes back leaves the App stopped until a person goes on: `e2e/data.node.test.ts`. A Headgate that is killed right',
    'before it starts a Job, writes that one is done, or lets the App run again: `e2e/data-killed.node.test.ts`.',
    '',
  ].join('\n');
}

function rowOf({ name, only }: FaultRow, cells: readonly Cell[]): string {
  const texts = moments.map((moment) => {
    if (only && !only.moments.includes(moment)) {
      return only.because;
    }
    const found = cells.find((cell) => cell.fault === name && cell.moment === moment);
    return found === undefined ? 'not measured' : textOf(found.outcome);
  });
  return `| ${name} | ${texts.join(' | ')} |`;
}

function textOf(outcome: Outcome | string): string {
  if (typeof outcome === 'string') {
    return `no end: ${outcome}`;
  }
  const { phase, rows, lacks, seconds, because } = outcome;
  const why = because === undefined ? '' : ` (${because})`;
  const lacking = lacks.length === 0 ? '' : `, but ${lacks.join(', ')}`;
  return `${phase}${why}, rows ${rows}${lacking}, ${seconds.toFixed(0)} s`;
}
