/** The one word that says how an App is, for lists and colours. */
import type { WaitingReason } from '../../core/waiting.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';

export const appStates = [
  /** What runs is the newest that may be taken. */
  'Current',
  /** Something newer is there and has to wait. */
  'Waiting',
  'Updating',
  'RollingBack',
  /** A person should look. */
  'Trouble',
  'Suspended',
  /** Nobody has looked at it yet. */
  'Unknown',
] as const;

export type AppState = (typeof appStates)[number];

/** Reasons for which a person should look; all others pass by themselves or are as somebody wanted it. */
const troubles: ReadonlySet<WaitingReason> = new Set<WaitingReason>([
  'InvalidSpec',
  'TargetNotFound',
  'TargetConflict',
  'Drifted',
  'RegistryUnavailable',
  'PreviousAttemptFailed',
  'TooManyRollbacks',
  'ApprovalExpired',
  'RollbackRefused',
  'HelmLocked',
  'GitUnavailable',
  'Person',
]);

/** @param update the last Update of the App */
export function stateOf(app: AppObjectWire, update: UpdateObjectWire | undefined): AppState {
  if (update && !hasEnded(update)) {
    return stateOfOpen(update);
  }
  const reason = app.status?.waiting?.reason;
  if (reason === undefined) {
    return 'Unknown';
  }
  if (reason === 'UpToDate') {
    return 'Current';
  }
  if (reason === 'Suspended') {
    return 'Suspended';
  }
  return troubles.has(reason) ? 'Trouble' : 'Waiting';
}

function stateOfOpen({ status }: UpdateObjectWire): AppState {
  const reason = status?.waiting?.reason;
  if (reason !== undefined && troubles.has(reason)) {
    return 'Trouble';
  }
  switch (status?.phase ?? 'Pending') {
    case 'Pending':
      return 'Waiting';
    case 'RollingBack':
    case 'VerifyingRollback':
      return 'RollingBack';
    default:
      return 'Updating';
  }
}
