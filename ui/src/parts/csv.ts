/** Updates as CSV (RFC 4180), and how a browser saves it. */
import type { UpdateSummary } from '../../../src/server/api/schemas.ts';
import { sayVersion } from './versions.tsx';

const columns = ['namespace', 'app', 'update', 'change', 'outcome', 'started', 'finished', 'seconds', 'by', 'reason'];

export function csvOf(updates: readonly UpdateSummary[]): string {
  const rows = updates.map((update) => [
    update.namespace,
    update.app,
    update.name,
    update.changes.map(({ source, from, to }) => `${source} ${sayVersion(from)} -> ${sayVersion(to)}`).join(', '),
    update.phase,
    update.startedAt ?? update.createdAt,
    update.finishedAt ?? '',
    update.tookMs === undefined ? '' : String(update.tookMs / 1_000),
    update.trigger.by,
    update.failure?.message ?? update.trigger.reason,
  ]);
  return [columns, ...rows].map((row) => `${row.map(fieldOf).join(',')}\r\n`).join('');
}

/** What a spreadsheet would take for a formula is made text: names and messages come from outside. */
function fieldOf(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
