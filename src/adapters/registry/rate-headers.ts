/** What a registry tells about its limits in the headers of an answer. */
import type { Answer } from './answer.ts';

export interface ToldLimit {
  /** Undefined where only what is left is told. */
  readonly limit: number | undefined;
  readonly remaining: number;
  /** Undefined where no window is told. */
  readonly periodMs: number | undefined;
  /** When it begins anew, milliseconds since the epoch; undefined where it is not told. */
  readonly resetsAtMs: number | undefined;
}

/** Seconds since the epoch are never that small, durations never that long. */
const earliestEpochSeconds = 1_000_000_000;

/**
 * Reads, in this order: `RateLimit` and `RateLimit-Policy` of the newer draft (draft-ietf-httpapi-ratelimit-headers-08), `RateLimit-*` of
 * the older ones and of Docker Hub (`100;w=21600`), `X-RateLimit-*`. Undefined when none tells what is left.
 */
export function readToldLimit({ headers }: Pick<Answer, 'headers'>, now: Date): ToldLimit | undefined {
  const combined = textOf(headers['ratelimit']);
  const told = combined === undefined ? undefined : readCombined(combined, textOf(headers['ratelimit-policy']), now);
  return told ?? readSeparate(headers, 'ratelimit', now) ?? readSeparate(headers, 'x-ratelimit', now);
}

/** Who is counted, as Docker Hub says it: an address or an account. Two Secrets of one account have one budget. */
export function readLimitSource({ headers }: Pick<Answer, 'headers'>): string | undefined {
  const source = textOf(headers['docker-ratelimit-source']);
  const maxLength = 256;
  return source === undefined || source === '' || source.length > maxLength ? undefined : source;
}

/** `"default";r=50;t=30` with `"default";q=100;w=60`, or as it was before: `limit=100, remaining=50, reset=30`. */
function readCombined(text: string, policy: string | undefined, now: Date): ToldLimit | undefined {
  const remaining = parameterOf(text, 'r|remaining');
  return remaining === undefined
    ? undefined
    : {
        remaining,
        limit: parameterOf(policy ?? text, 'q|limit'),
        periodMs: positive(parameterOf(policy ?? text, 'w')),
        resetsAtMs: resetTime(parameterOf(text, 't|reset'), now),
      };
}

function readSeparate(headers: Answer['headers'], prefix: string, now: Date): ToldLimit | undefined {
  const remainingText = textOf(headers[`${prefix}-remaining`]);
  const remaining = leadingNumber(remainingText);
  if (remaining === undefined) {
    return undefined;
  }
  const limitText = textOf(headers[`${prefix}-limit`]);
  const periodSeconds = parameterOf(limitText ?? '', 'w') ?? parameterOf(remainingText ?? '', 'w');
  return {
    remaining,
    limit: leadingNumber(limitText),
    periodMs: positive(periodSeconds),
    resetsAtMs: resetTime(leadingNumber(textOf(headers[`${prefix}-reset`])), now),
  };
}

/** @param names of one parameter, parted by `|` */
function parameterOf(text: string, names: string): number | undefined {
  const [, digits] = new RegExp(`(?:^|[;,\\s])(?:${names})=([0-9]{1,12})(?![0-9])`).exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function leadingNumber(text: string | undefined): number | undefined {
  const [, digits] = /^\s*([0-9]{1,12})(?![0-9.])/.exec(text ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Some count from now, some from 1970. */
function resetTime(seconds: number | undefined, now: Date): number | undefined {
  if (seconds === undefined) {
    return undefined;
  }
  return seconds >= earliestEpochSeconds ? seconds * 1_000 : now.getTime() + seconds * 1_000;
}

function positive(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds === 0 ? undefined : seconds * 1_000;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
