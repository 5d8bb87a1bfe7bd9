/** What detection says of one source. */
import type { Source } from '../../core/app/app.ts';
import type { Rejection } from '../../core/app/rejection.ts';
import type { OperationError } from '../../core/errors.ts';
import type { PassedOver } from '../../core/policy/passed-over.ts';
import type { FirstSeen } from '../../core/policy/requirements.ts';
import type { Version } from '../../core/update/version-change.ts';

/** What one source has to offer. */
export type Finding = { readonly source: Source; readonly current: Version } & (
  | Answer
  | { readonly kind: 'Unavailable'; readonly error: OperationError }
  /** It was not the time to ask. */
  | { readonly kind: 'NotAsked' }
);

export type Answer = Outcome & {
  /** Clocks of the candidates of this check; undefined where the policy asks for no age. */
  readonly firstSeen?: readonly FirstSeen[] | undefined;
  /** What is newer and not taken; undefined where nothing was compared. */
  readonly passedOver?: PassedOver | undefined;
};

export type Outcome =
  | { readonly kind: 'UpToDate' }
  | { readonly kind: 'Newer'; readonly version: Version }
  /** One that may not be taken, and there is nothing else that is newer. */
  | Obstacle
  /** No version, or none that the policy takes; changes nothing. */
  | { readonly kind: 'Nothing'; readonly message: string };

/** What keeps a version that is newer from being taken. Each message is a sentence without the tag. */
export type Obstacle =
  | { readonly kind: 'Rejected'; readonly tag: string; readonly rejection: Rejection }
  /** It lacks the signatures that are asked for. */
  | { readonly kind: 'Unverified'; readonly tag: string; readonly message: string }
  /** Not known for long enough. */
  | { readonly kind: 'Young'; readonly tag: string; readonly until: Date; readonly message: string }
  /** Cannot run on every node that it may come to. */
  | { readonly kind: 'PlatformMissing'; readonly tag: string; readonly message: string }
  /** For something else than this cluster or this application. */
  | { readonly kind: 'Unfit'; readonly tag: string; readonly message: string };

/** What detection of one source starts from. */
export interface SourceRequest<S extends Source> {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly source: S;
  /** The distinct versions of it that run. */
  readonly running: readonly Version[];
  readonly rejections: readonly Rejection[];
  /** Clocks of the candidates of earlier checks. */
  readonly firstSeen: readonly FirstSeen[];
  readonly now: () => Date;
}

/** One source under the eyes of the adapter that knows its kind. */
export interface Detector {
  /** The newest of those that run, so that an update never takes one of them back. */
  readonly current: Version;
  /** @throws OperationError when what is asked cannot answer */
  ask(signal: AbortSignal): Promise<Answer>;
}
