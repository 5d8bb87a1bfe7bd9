import type { Drill } from '../../core/drill/drill.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { Probers } from '../app-test/test-runner.ts';
import type { Clock } from '../ports/clock.ts';
import type { DrillGround } from '../ports/drill-ground.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Records } from '../ports/records.ts';

/** What drills are made with. */
export interface DrillContext {
  readonly records: Pick<Records, 'findApp' | 'findUpdate' | 'listUpdates' | 'readApp' | 'writeAppStatus'>;
  readonly clock: Clock;
  readonly ground: DrillGround;
  /** Of drills alone: they wake no Update. */
  readonly drillJobs: Jobs;
  readonly drillProbers: Probers;
}

export interface DrillAtWork {
  readonly app: AppObjectWire;
  readonly drill: Drill;
}

export type DrillPass =
  /** It has to be written down before it goes on. */
  | { readonly kind: 'Noted'; readonly drill: Drill }
  /** @property message what it waits for; it is looked at again at `until` */
  | { readonly kind: 'Waiting'; readonly message: string; readonly until: Date };
