/** Structured logs, one JSON object a line. */
import { type DestinationStream, pino } from 'pino';
import type { LogLevel } from './log-level.ts';

/** Constant message first, what it is about as fields; never a secret. */
export type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

export interface Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
}

/** Field names, in lower case, whose values are never printed, whatever object they stand in. */
const secretFields: ReadonlySet<string> = new Set(['password', 'token', 'authorization', 'secret', 'data']);

/** Writes to standard output unless told otherwise. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = { level, base: null, formatters: { level: nameOfLevel, log: redactFields } };
  const log = destination === undefined ? pino(options) : pino(options, destination);
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  };
}

/** Deeper than anything we log; also the end of what contains itself. */
const maxDepth = 8;

/** A copy of the fields of one line without secrets. */
function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  const redacted = Object.entries(object).map(([name, value]) => [
    name,
    secretFields.has(name.toLowerCase()) ? '[redacted]' : redactValue(value, depth + 1),
  ]);
  return Object.fromEntries(redacted);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return value;
  }
  if (depth > maxDepth) {
    return '[deeper]';
  }
  return Array.isArray(value) ? value.map((one) => redactValue(one, depth + 1)) : redactObject(value, depth);
}

function nameOfLevel(label: string): { level: string } {
  return { level: label };
}
