import type { Journal } from '../../core/update/journal.ts';
import type { UpdateObjectWire } from '../../resources/decode-update.ts';

/** Told of each step of an Update after it was done and before the next begins; for log, metrics, Events and tests. */
export interface StepListener {
  stepDone(update: UpdateObjectWire, step: string, journal: Journal): void;
}
