import { parseExpression } from '../../core/cel/expression.ts';
import { parseDuration } from '../../core/duration.ts';
import type { AskedVeto, VetoQuestion } from '../../core/gates/asked-veto.ts';
import { invalidObject } from '../decode.ts';
import type { VetoWire } from './vetoes.ts';

const shortestMs = 10_000;

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeVeto(veto: VetoWire, field: string): AskedVeto {
  const every = veto.every ?? '1m';
  const everyMs = parseDuration(every, `${field}.every`);
  if (everyMs < shortestMs) {
    throw invalidObject(`${field}.every`, [`"${every}" is too often; write 10s or more`]);
  }
  return { name: veto.name, onError: veto.onError ?? 'Wait', everyMs, of: questionOf(veto, field) };
}

function questionOf({ http, metric, alerts, cel }: VetoWire, field: string): VetoQuestion {
  const given = [http, metric, alerts, cel].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw invalidObject(field, ['exactly one of http, metric, alerts and cel must be set']);
  }
  if (http) {
    return { kind: 'Http', url: http.url, secret: http.secretRef?.name };
  }
  if (metric) {
    const { url, secretRef, query, whenEmpty = 'Go' } = metric;
    return { kind: 'Metric', url, secret: secretRef?.name, query, whenEmpty };
  }
  if (alerts) {
    return { kind: 'Alerts', url: alerts.url, secret: alerts.secretRef?.name, matchers: alerts.matchers ?? [] };
  }
  const parsed = parseExpression(cel?.expression ?? '');
  if (parsed.kind === 'Invalid') {
    throw invalidObject(`${field}.cel.expression`, [parsed.problem]);
  }
  return { kind: 'Cel', expression: parsed.expression, secret: undefined };
}
