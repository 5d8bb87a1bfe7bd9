/** What an App is doing, and how that is said to people and machines. */
import type { Waiting, WaitingReason } from '../waiting.ts';

export type AppState =
  | { readonly kind: 'Invalid'; readonly message: string }
  | {
      readonly kind: 'Blocked';
      readonly reason: 'TargetNotFound' | 'TargetConflict' | 'DependencyNotReady';
      readonly message: string;
    }
  | { readonly kind: 'Suspended' }
  | { readonly kind: 'Updating'; readonly message: string }
  | {
      readonly kind: 'Unavailable';
      readonly reason: 'RegistryUnavailable' | 'RateLimited' | 'TargetNotFound';
      readonly message: string;
      readonly until: Date;
    }
  | { readonly kind: 'Immature'; readonly message: string; readonly until: Date }
  | { readonly kind: 'Unfit'; readonly message: string }
  | { readonly kind: 'Held'; readonly message: string; readonly until: Date }
  | { readonly kind: 'CheckPending'; readonly message: string; readonly until: Date | undefined }
  /** An Update was asked for and may not begin yet. */
  | { readonly kind: 'Gated'; readonly waiting: Waiting }
  | { readonly kind: 'NeedsPerson'; readonly message: string }
  | { readonly kind: 'VersionRejected'; readonly message: string }
  | { readonly kind: 'Unverified'; readonly message: string }
  /** Somebody changed what was applied, and it stays so. */
  | { readonly kind: 'Drifted'; readonly message: string }
  | { readonly kind: 'UpToDate'; readonly message: string };

/** Status of the three conditions that kstatus defines; the reason and message are those of the waiting. */
export interface AppVerdict {
  readonly waiting: Waiting;
  readonly ready: 'True' | 'False' | 'Unknown';
  readonly reconciling: boolean;
  readonly stalled: boolean;
}

/** Says a state in the words of the status. */
export function judgeApp(state: AppState): AppVerdict {
  switch (state.kind) {
    case 'Invalid':
      return verdict('InvalidSpec', state, { ready: 'False', stalled: true });
    case 'Blocked':
      return verdict(state.reason, state, { ready: 'False', stalled: state.reason === 'TargetConflict' });
    case 'Suspended':
      return verdict('Suspended', { message: 'spec.suspend is set' }, { ready: 'True' });
    case 'Updating':
      return verdict('UpdateInProgress', state, { ready: 'Unknown', reconciling: true });
    case 'Unavailable':
      return verdict(state.reason, state, { ready: 'False', reconciling: true });
    case 'Immature':
      return verdict('MinimumAge', state, { ready: 'True' });
    case 'Unfit':
      return verdict('PlatformMissing', state, { ready: 'True' });
    case 'Held':
      return verdict('PreviousAttemptFailed', state, { ready: 'False' });
    case 'CheckPending':
      return verdict('CheckPending', state, { ready: 'True' });
    case 'Gated':
      return verdict(state.waiting.reason, state.waiting, { ready: 'True' });
    case 'NeedsPerson':
      return verdict('Person', state, { ready: 'False', stalled: true });
    case 'VersionRejected':
      return verdict('VersionRejected', state, { ready: 'True' });
    case 'Unverified':
      return verdict('Unverified', state, { ready: 'True' });
    case 'Drifted':
      return verdict('Drifted', state, { ready: 'True' });
    case 'UpToDate':
      return verdict('UpToDate', state, { ready: 'True' });
  }
}

function verdict(
  reason: WaitingReason,
  said: { readonly message: string; readonly until?: Date | undefined },
  conditions: Partial<Omit<AppVerdict, 'waiting'>>,
): AppVerdict {
  const waiting: Waiting = {
    reason,
    message: said.message,
    ...(said.until === undefined ? {} : { until: said.until }),
  };
  return { waiting, ready: 'True', reconciling: false, stalled: false, ...conditions };
}
