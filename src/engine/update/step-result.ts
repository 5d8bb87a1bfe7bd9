import type { Journal } from '../../core/update/journal.ts';
import type { Waiting } from '../../core/waiting.ts';

/** What became of one step of an Update. */
export type StepResult =
  | { readonly kind: 'Done'; readonly journal: Journal }
  /** It is not done yet, or the API server does not let us; the same step is tried again later. */
  | { readonly kind: 'Waiting'; readonly waiting: Waiting; readonly journal: Journal };
