import { OperationError } from './errors.ts';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const longestText = 32;

/** Dates end 275,760 years from 1970; a time that far off is a slip of the keyboard anyway. */
const longestMs = 8_760 * 3_600_000;

/** The grammar of Go's time.ParseDuration that Kubernetes APIs use, without fractions and signs. */
export const durationPattern = '^([0-9]+(ms|s|m|h))+$';

/**
 * Reads a duration such as `90s` or `1h30m`.
 *
 * @param field where the text stands, for the message, e.g. `spec.interval`
 * @returns milliseconds, a year at most
 * @throws OBJECT_INVALID naming field, value and remedy
 */
export function parseDuration(text: string, field: string): number {
  if (text.length > longestText || !new RegExp(durationPattern).test(text)) {
    throw invalid(field, `"${text.slice(0, longestText)}" is not a duration; write for example 30s, 5m or 1h30m`);
  }
  let totalMs = 0;
  for (const [, amount = '0', unit = 'ms'] of text.matchAll(/([0-9]+)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * (unitsMs[unit] ?? 0);
  }
  if (totalMs > longestMs) {
    throw invalid(field, `"${text}" is longer than a year; write 8760h or less`);
  }
  return totalMs;
}

/** Prints milliseconds as a person would say it, e.g. `1h30m`, `45s`, `0s`; below a second as `120ms`. */
export function formatDuration(durationMs: number): string {
  const roundedMs = Math.round(durationMs);
  if (roundedMs > 0 && roundedMs < 1_000) {
    return `${roundedMs}ms`;
  }
  const totalSeconds = Math.round(durationMs / 1_000);
  const hours = Math.floor(totalSeconds / 3_600);
  const minutes = Math.floor((totalSeconds % 3_600) / 60);
  const seconds = totalSeconds % 60;
  const parts = [hours > 0 ? `${hours}h` : '', minutes > 0 ? `${minutes}m` : '', seconds > 0 ? `${seconds}s` : ''];
  return parts.join('') || '0s';
}

function invalid(field: string, problem: string): OperationError {
  return new OperationError(`${field}: ${problem}`, { code: 'OBJECT_INVALID', retry: 'never', context: { field } });
}
