/** Gates of an App: wire form -> what the product works with. */
import { parseDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import type { Gates } from '../../core/gates/gates.ts';
import type { Predecessor } from '../../core/gates/predecessor.ts';
import type { Window } from '../../core/gates/window.ts';
import { fillAccepts, judgeDataVersion } from '../../core/preflight/data-version.ts';
import type { Preflight } from '../../core/preflight/preflight.ts';
import { parseCron } from '../../core/schedule/cron.ts';
import { cronOfRule } from '../../core/schedule/recurrence-rule.ts';
import { timeZone } from '../../core/schedule/time-zone.ts';
import { invalidObject } from '../decode.ts';
import type { AppSpecWire } from './app.ts';
import { decodeVeto } from './decode-vetoes.ts';
import type { PredecessorWire, PreflightWire, WindowWire } from './gates.ts';

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeGates({ gates }: AppSpecWire): Gates {
  return decodeGatesOf(gates);
}

/** The same where no App is around them. @throws OBJECT_INVALID naming field, value and remedy */
export function decodeGatesOf(gates: AppSpecWire['gates']): Gates {
  const { required, deadline } = gates?.approvals ?? { required: 0 };
  const deadlineMs = parseDuration(deadline ?? '24h', 'spec.gates.approvals.deadline');
  const cool = (which: 'afterSuccess' | 'afterFailure') =>
    parseDuration(gates?.coolDown?.[which] ?? '0s', `spec.gates.coolDown.${which}`);
  return {
    approvals: required === 0 ? undefined : { required, deadlineMs },
    windows: decodeWindows(gates?.windows ?? [], 'spec.gates.windows'),
    atWindowEnd: gates?.atWindowEnd ?? 'Finish',
    coolDown: { afterSuccessMs: cool('afterSuccess'), afterFailureMs: cool('afterFailure') },
    maxRollbacks: gates?.maxRollbacks ?? 5,
    vetoes: decodeEach(gates?.vetoes ?? [], 'spec.gates.vetoes', decodeVeto),
    preflight: decodePreflight(gates?.preflight ?? {}),
    after: decodeEach(gates?.after ?? [], 'spec.gates.after', decodePredecessor),
  };
}

/**
 * @param field where they stand, for messages
 * @throws OBJECT_INVALID naming each wrong field, value and remedy
 */
export function decodeWindows(windows: readonly WindowWire[], field: string): readonly Window[] {
  return decodeEach(windows, field, decodeWindow);
}

/** All of a list, or every problem of it at once. */
function decodeEach<Wire, T>(
  list: readonly Wire[],
  field: string,
  decode: (one: Wire, field: string) => T,
): readonly T[] {
  const problems: string[] = [];
  const read = list.flatMap((one, index) => {
    try {
      return [decode(one, `${field}[${index}]`)];
    } catch (error) {
      if (!isOperationError(error, 'OBJECT_INVALID')) {
        throw error;
      }
      problems.push(error.message);
      return [];
    }
  });
  if (problems.length > 0) {
    throw invalidObject(field, problems);
  }
  return read;
}

function decodePreflight({ checks, dataVersion }: PreflightWire): Preflight {
  const field = 'spec.gates.preflight.dataVersion';
  if (dataVersion === undefined) {
    return { checks, dataVersion };
  }
  const { job, accepts, timeout } = dataVersion;
  // Any version will do to try it.
  const problem = judgeDataVersion('1.0.0', fillAccepts(accepts, '1.0.0'));
  if (problem?.includes('is no semver range') === true) {
    throw invalidObject(`${field}.accepts`, [
      `"${accepts}" is no semver range and no /pattern/; write for example {major}.x`,
    ]);
  }
  return {
    checks,
    dataVersion: { template: job, accepts, timeoutMs: parseDuration(timeout ?? '5m', `${field}.timeout`) },
  };
}

function decodePredecessor({ namespace, app, matchLabels = {}, soak }: PredecessorWire, field: string): Predecessor {
  if ((app === undefined) === (Object.keys(matchLabels).length === 0)) {
    throw invalidObject(field, ['exactly one of app and matchLabels must be set, with one label at least']);
  }
  return { namespace, app, labels: matchLabels, soakMs: parseDuration(soak ?? '0s', `${field}.soak`) };
}

function decodeWindow(window: WindowWire, field: string): Window {
  const zone = window.timeZone ?? 'UTC';
  const { cron, where } = cronOf(window, field);
  const durationMs = parseDuration(window.duration, `${field}.duration`);
  if (durationMs === 0) {
    throw invalidObject(`${field}.duration`, ['"0s" never opens; write for example 2h']);
  }
  return {
    kind: window.kind,
    opens: { times: parseCron(cron, where), offsetAt: timeZone(zone, `${field}.timeZone`) },
    durationMs,
    text: `${sayOpening(window)}${zone === 'UTC' ? '' : ` (${zone})`} for ${window.duration}`,
  };
}

function cronOf(
  { cron, days, startTime, rrule }: WindowWire,
  field: string,
): { readonly cron: string; readonly where: string } {
  const given = [cron, startTime, rrule].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw invalidObject(field, ['exactly one of cron, startTime and rrule must be set']);
  }
  if (days !== undefined && startTime === undefined) {
    throw invalidObject(`${field}.days`, ['goes with startTime; write the days into cron or rrule instead']);
  }
  if (cron !== undefined) {
    return { cron, where: `${field}.cron` };
  }
  if (rrule !== undefined) {
    return { cron: cronOfRule(rrule, `${field}.rrule`), where: `${field}.rrule` };
  }
  const [hour = '0', minute = '0'] = (startTime ?? '').split(':');
  const weekdays = days === undefined || days.length === 0 ? '*' : days.join(',').toLowerCase();
  return { cron: `${Number(minute)} ${Number(hour)} * * ${weekdays}`, where: `${field}.startTime` };
}

function sayOpening({ cron, days, startTime, rrule }: WindowWire): string {
  return cron ?? rrule ?? `${days === undefined || days.length === 0 ? 'daily' : days.join(', ')} at ${startTime}`;
}
