import type { OperationError } from '../../core/errors.ts';
import type { Journal } from '../../core/update/journal.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';

/** Told of each step of an Update after it was done and before the next begins; for log, metrics, Events and tests. */
export interface StepListener {
  stepDone(update: UpdateObjectWire, step: string, journal: Journal): void;
  /** A pass ended with an error and is tried again: rights are missing, the API server is away. Conflicts are not told. */
  passFailed?(update: UpdateObjectWire, error: OperationError): void;
}
