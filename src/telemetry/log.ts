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

/** Field names whose values are never printed, whatever object they stand in. */
const secretFields = ['password', 'token', 'authorization', 'secret', 'data'];

/** Writes to standard output unless told otherwise. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`]);
  const options = { level, base: null, redact: { paths, censor: '[redacted]' }, formatters: { level: nameOfLevel } };
  const log = destination === undefined ? pino(options) : pino(options, destination);
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  };
}

function nameOfLevel(label: string): { level: string } {
  return { level: label };
}
