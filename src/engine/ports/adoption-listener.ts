import type { Workload } from '../../core/workload/workload.ts';
import type { ReleaseKey } from './helm.ts';

/** What became of the marks of a workload; `kind` is the reason of an Event. */
export interface AdoptionNews {
  readonly kind: 'Adopted' | 'AnnotationsInvalid' | 'AppNameTaken';
  readonly message: string;
}

/** Told when something was done or is wrong with a workload's marks, not at every look; for log and Events. */
export interface AdoptionListener {
  told(workload: Workload, news: AdoptionNews): void;
  /** A release is no object of its own, so that there is only the log for it. */
  toldOfRelease(release: ReleaseKey, news: AdoptionNews): void;
}
