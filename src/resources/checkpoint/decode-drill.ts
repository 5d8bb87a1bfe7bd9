/** How an App asks for restore drills: wire form -> what the product works with. */
import { type DrillSettings, defaultDrillTimeoutMs } from '../../core/drill/drill.ts';
import { parseDuration } from '../../core/duration.ts';
import { parseCron } from '../../core/schedule/cron.ts';
import { timeZone } from '../../core/schedule/time-zone.ts';
import { invalidObject } from '../decode.ts';
import type { DrillWire } from './drill.ts';

/** Less leaves a database no time to start. */
export const leastTimeoutMs = 60_000;

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeDrillSettings(drill: DrillWire | undefined): DrillSettings | undefined {
  if (!drill) {
    return undefined;
  }
  const { schedule, timeZone: zone = 'UTC', timeout } = drill;
  const timeoutMs = timeout === undefined ? defaultDrillTimeoutMs : parseDuration(timeout, 'spec.backup.drill.timeout');
  if (timeoutMs < leastTimeoutMs) {
    throw invalidObject('spec.backup.drill.timeout', [`"${timeout}" leaves a drill no time; use 1m or more`]);
  }
  return {
    timeoutMs,
    schedule:
      schedule === undefined
        ? undefined
        : {
            times: parseCron(schedule, 'spec.backup.drill.schedule'),
            offsetAt: timeZone(zone, 'spec.backup.drill.timeZone'),
          },
  };
}
