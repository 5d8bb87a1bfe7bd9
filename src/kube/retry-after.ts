/** The Retry-After header (RFC 9110 10.2.3). */

/** No server may put us to sleep for longer than this. */
const longestMs = 60 * 60_000;

/** Milliseconds to wait, 0 to one hour; undefined when the header is missing or neither seconds nor a date. */
export function parseRetryAfter(header: string | readonly string[] | undefined, now: Date): number | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined || text === '') {
    return undefined;
  }
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestMs);
}
