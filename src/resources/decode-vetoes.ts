import { parseDuration } from '../core/duration.ts';
import type { AskedVeto, VetoQuestion } from '../core/gates/asked-veto.ts';
import { invalidObject } from './decode.ts';
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

function questionOf({ http, metric, alerts }: VetoWire, field: string): VetoQuestion {
  const given = [http, metric, alerts].filter((one) => one !== undefined);
  const [only] = given;
  if (only === undefined || given.length > 1) {
    throw invalidObject(field, ['exactly one of http, metric and alerts must be set']);
  }
  const { url, secretRef } = only;
  const place = { url, secret: secretRef?.name };
  if (metric) {
    return { kind: 'Metric', ...place, query: metric.query, whenEmpty: metric.whenEmpty ?? 'Go' };
  }
  return alerts ? { kind: 'Alerts', ...place, matchers: alerts.matchers ?? [] } : { kind: 'Http', ...place };
}
