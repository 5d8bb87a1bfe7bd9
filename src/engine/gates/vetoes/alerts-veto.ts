/** A veto that firing alerts say: Alertmanager's API v2. */
import type { Verdict } from '../../../core/gates/asked-veto.ts';
import { joinSome } from '../../../core/text.ts';
import type { OutboundAnswer } from '../../ports/outbound.ts';

/** `GET /api/v2/alerts` of what fires and nobody has silenced. Base addresses may have a path of their own. */
export function alertsAddress(base: string, matchers: readonly string[]): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
  url.search = '';
  for (const [name, value] of [
    ['active', 'true'],
    ['silenced', 'false'],
    ['inhibited', 'false'],
    ['unprocessed', 'false'],
    ...matchers.map((matcher) => ['filter', matcher]),
  ] as const) {
    url.searchParams.append(name ?? '', value ?? '');
  }
  return url.href;
}

/** @param isCut whether the body is longer than what was read of it */
export function judgeAlerts({ status, body }: Pick<OutboundAnswer, 'status' | 'body'>, isCut: boolean): Verdict {
  if (status !== 200) {
    return { kind: 'Unknown', because: `it answers ${status}${say(body)}` };
  }
  if (isCut) {
    return { kind: 'Hold', reason: 'more alerts fire than can be read; name those that count in matchers' };
  }
  const alerts = parseList(body);
  if (alerts === undefined) {
    return { kind: 'Unknown', because: 'it answers 200, but no list of alerts' };
  }
  const names = alerts.map(nameOf);
  return names.length === 0
    ? { kind: 'Go' }
    : { kind: 'Hold', reason: `${names.length === 1 ? 'alert fires' : 'alerts fire'}: ${joinSome(names, ', ')}` };
}

function parseList(body: string): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const longestName = 128;

function nameOf(alert: unknown): string {
  const labels: unknown = isRecord(alert) ? alert['labels'] : undefined;
  const name: unknown = isRecord(labels) ? labels['alertname'] : undefined;
  return typeof name === 'string' ? name.slice(0, longestName) : 'one without a name';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const longestShown = 200;

function say(body: string): string {
  const text = body.replace(/[\p{C}\s]+/gu, ' ').trim();
  return text === '' ? '' : ` (${text.slice(0, longestShown)})`;
}
