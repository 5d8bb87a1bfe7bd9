/** A veto that a URL says. */
import type { Verdict } from '../../../core/gates/asked-veto.ts';
import type { OutboundAnswer } from '../../ports/outbound.ts';

const longestReason = 512;
const holdStatuses: ReadonlySet<number> = new Set([423, 409]);

/** 204, 200 with `ok`, and JSON without a veto are go; 423, 409 and JSON with one are wait; all else is no answer. */
export function judgeHttpAnswer({ status, body }: Pick<OutboundAnswer, 'status' | 'body'>, now: Date): Verdict {
  const said = parseObject(body);
  if (holdStatuses.has(status)) {
    return holdOf(said, body, now);
  }
  if (status === 204) {
    return { kind: 'Go' };
  }
  if (status !== 200) {
    return { kind: 'Unknown', because: `it answers ${status}` };
  }
  if (said === undefined) {
    return body.trim().toLowerCase() === 'ok'
      ? { kind: 'Go' }
      : { kind: 'Unknown', because: 'it answers 200, but neither "ok" nor {"veto": reason}' };
  }
  if (!('veto' in said)) {
    return { kind: 'Unknown', because: 'it answers 200 and JSON without the field veto' };
  }
  const isNone = said['veto'] === null || said['veto'] === false || said['veto'] === '';
  return isNone ? { kind: 'Go' } : holdOf(said, body, now);
}

/** One that has ended by its own word is none. */
function holdOf(said: Readonly<Record<string, unknown>> | undefined, body: string, now: Date): Verdict {
  const veto = said?.['veto'];
  const reason = clip(typeof veto === 'string' ? veto : said === undefined ? body : '');
  const text = said?.['until'];
  const until = typeof text === 'string' ? new Date(text) : undefined;
  if (until !== undefined && Number.isNaN(until.getTime())) {
    return { kind: 'Hold', reason: `${reason} (its "until" is no time; write for example 2030-01-31T00:00:00Z)` };
  }
  return until !== undefined && until <= now ? { kind: 'Go' } : { kind: 'Hold', reason, until };
}

function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

function clip(text: string): string {
  const told = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return told === '' ? 'no reason is given' : told.slice(0, longestReason);
}
