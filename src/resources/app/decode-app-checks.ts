/** Triggers and schedules of an App: wire form -> what the product works with. */
import type { CheckTimes } from '../../core/app/app.ts';
import { parseCron } from '../../core/schedule/cron.ts';
import { timeZone } from '../../core/schedule/time-zone.ts';
import { invalidObject } from '../decode.ts';
import type { AppSpecWire } from './app.ts';

/** @throws OBJECT_INVALID naming field, value and remedy */
export function decodeChecks({ schedule, trigger }: AppSpecWire): CheckTimes {
  if (trigger === 'Webhook') {
    if (schedule) {
      throw invalidObject('spec.schedule', [
        'cannot stand beside trigger "Webhook", which never looks by itself; remove one',
      ]);
    }
    return { kind: 'Webhook' };
  }
  if (!schedule) {
    return { kind: 'Interval' };
  }
  const zone = schedule.timeZone ?? 'UTC';
  return {
    kind: 'Schedule',
    text: zone === 'UTC' ? schedule.cron : `${schedule.cron} (${zone})`,
    schedule: {
      times: parseCron(schedule.cron, 'spec.schedule.cron'),
      offsetAt: timeZone(zone, 'spec.schedule.timeZone'),
    },
  };
}
