import { OperationError } from './errors.ts';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The grammar of Go's time.ParseDuration that Kubernetes APIs use, without fractions and signs. */
export const durationPattern = '^([0-9]+(ms|s|m|h))+$';

/**
 * Reads a duration such as `90s` or `1h30m`.
 *
 * @param field where the text stands, for the message, e.g. `spec.interval`
 * @returns milliseconds
 * @throws OBJECT_INVALID naming field, value and remedy
 */
export function parseDuration(text: string, field: string): number {
  if (text.length > 32 || !new RegExp(durationPattern).test(text)) {
    throw new OperationError(`${field}: "${text}" is not a duration; write for example 30s, 5m or 1h30m`, {
      code: 'OBJECT_INVALID',
      retry: 'never',
      context: { field },
    });
  }
  let totalMs = 0;
  for (const [, amount = '0', unit = 'ms'] of text.matchAll(/([0-9]+)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * (unitsMs[unit] ?? 0);
  }
  return totalMs;
}

/** Prints milliseconds as a person would say it, e.g. `1h30m`, `45s`, `0s`; below a second as `120ms`. */
export function formatDuration(durationMs: number): string {
  if (durationMs > 0 && durationMs < 1_000) {
    return `${Math.round(durationMs)}ms`;
  }
  const totalSeconds = Math.round(durationMs / 1_000);
  const hours = Math.floor(totalSeconds / 3_600);
  const minutes = Math.floor((totalSeconds % 3_600) / 60);
  const seconds = totalSeconds % 60;
  const parts = [hours > 0 ? `${hours}h` : '', minutes > 0 ? `${minutes}m` : '', seconds > 0 ? `${seconds}s` : ''];
  return parts.join('') || '0s';
}
