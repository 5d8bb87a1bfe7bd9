import type { Workload } from '../../core/workload/workload.ts';

/** What became of the marks of a workload; `kind` is the reason of an Event. */
export interface AdoptionNews {
  readonly kind: 'Adopted' | 'AnnotationsInvalid' | 'AppNameTaken';
  readonly message: string;
}

/** Told when something was done or is wrong with a workload's marks, not at every look; for log and Events. */
export interface AdoptionListener {
  told(workload: Workload, news: AdoptionNews): void;
}
