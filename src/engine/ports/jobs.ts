/** Jobs that Headgate starts in the cluster from a template of the user's: backups, restores, tests. */
import type { Fields } from '../../core/health/objects/fields.ts';

export interface JobKey {
  readonly namespace: string;
  readonly name: string;
}

export interface JobRequest extends JobKey {
  /** What it is for, one word; a label of the Job and of its pods. */
  readonly purpose: string;
  /** As `spec.jobTemplate` of a CronJob: metadata with labels and annotations, and spec. */
  readonly template: Fields;
  /** Set in every container, over what the template says under these names. Never a secret: whoever may read Jobs reads it. */
  readonly env: Readonly<Record<string, string>>;
  /** The Job goes with it, where it is of the same namespace. */
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string };
  /** Its owner is elsewhere, so that it goes with its namespace alone. */
  readonly isAway?: boolean;
  /** When it is ended; a shorter one of the template holds. */
  readonly deadlineSeconds: number;
  /** Pods that may fail before the Job does, where the template does not say. */
  readonly retries: number;
  /** ServiceAccount of the namespace with whose rights it is created; Headgate's own when undefined. */
  readonly serviceAccount: string | undefined;
}

export type JobOutcome =
  /** @property until when it has ended at the latest, one way or the other */
  | { readonly kind: 'Running'; readonly message: string; readonly until: Date }
  /** @property message what its container wrote into its termination message; '' where nothing */
  | { readonly kind: 'Succeeded'; readonly message: string; readonly startedAt: Date; readonly finishedAt: Date }
  /**
   * @property log the last lines of the container that failed, bounded; '' where they cannot be had
   * @property exitCode of that container, and `said` its termination message
   */
  | {
      readonly kind: 'Failed';
      readonly message: string;
      readonly log: string;
      readonly exitCode?: number | undefined;
      readonly said?: string;
    }
  | { readonly kind: 'TimedOut'; readonly message: string; readonly log: string }
  /** There is no Job of that name: nobody started it, or somebody deleted it. */
  | { readonly kind: 'Gone' };

export interface Jobs {
  /**
   * Creates the Job, unless it is there already. Write down that it was started before looking at it: only then `Gone` means that
   * somebody deleted it.
   *
   * @throws API_INVALID, API_REJECTED, API_FORBIDDEN when the API server refuses it, UPDATE_CONFLICT when a Job of that name has another
   *   owner
   */
  start(request: JobRequest, signal: AbortSignal): Promise<void>;
  /**
   * How it stands, from a watch that is kept open for `watcher` until the Job has ended or until `unwatch`; the watcher is woken
   * when it changes. An end is read from the API server.
   */
  look(watcher: string, job: JobKey, signal: AbortSignal): Promise<JobOutcome>;
  /** With its pods; harmless to repeat. */
  delete(job: JobKey, signal: AbortSignal): Promise<void>;
  unwatch(watcher: string): void;
}
