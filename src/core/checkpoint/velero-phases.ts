/**
 * What the phases of Velero's Backups and Restores mean here; as of Velero 1.18, pkg/apis/velero/v1/{backup,restore}_types.go. Only
 * `Completed` is good: everything else that is an end has an error in it, and a phase that nobody knows is waited for, not believed.
 */
import { joinSome } from '../text.ts';

export interface VeleroStatus {
  readonly phase: string | undefined;
  readonly validationErrors: readonly string[];
  readonly failureReason: string | undefined;
  readonly errors: number;
  readonly warnings: number;
  readonly progress: string | undefined;
}

export type PhaseMeaning =
  | { readonly kind: 'Busy'; readonly message: string }
  | { readonly kind: 'Completed' }
  /** @property again the same once more may do better */
  | { readonly kind: 'Failed'; readonly why: string; readonly again: boolean };

/** @param what for people, `Backup velero/headgate-demo-shop-7` */
export function readBackupPhase(what: string, namespace: string, status: VeleroStatus): PhaseMeaning {
  const { phase } = status;
  if (phase === 'Deleting') {
    return failed(`${what} is being deleted by somebody, with all that it kept`, false);
  }
  if (phase === 'Queued' || phase === 'ReadyToStart') {
    return busy(what, `${phase}: Velero makes other Backups first`);
  }
  return readPhase(what, { namespace, tool: 'backup' }, status);
}

/** @param what for people, `Restore velero/headgate-demo-shop-7` */
export function readRestorePhase(what: string, namespace: string, status: VeleroStatus): PhaseMeaning {
  return readPhase(what, { namespace, tool: 'restore' }, status);
}

function readPhase(
  what: string,
  place: { readonly namespace: string; readonly tool: string },
  status: VeleroStatus,
): PhaseMeaning {
  const { phase, validationErrors, failureReason } = status;
  const look = `velero ${place.tool} describe ${nameIn(what)} --namespace ${place.namespace} --details says more`;
  switch (phase) {
    case undefined:
    case 'New':
      return busy(what, `new: Velero in namespace ${place.namespace} has not begun with it; does its server run?`);
    case 'InProgress':
      return busy(what, status.progress === undefined ? 'InProgress' : `InProgress, ${status.progress}`);
    case 'WaitingForPluginOperations':
      return busy(what, 'WaitingForPluginOperations: the data of the volumes is on its way');
    case 'Finalizing':
      return busy(what, 'Finalizing');
    case 'WaitingForPluginOperationsPartiallyFailed':
    case 'FinalizingPartiallyFailed':
      return busy(what, `${phase}: there are errors already, so that it will not be Completed`);
    case 'Completed':
      return { kind: 'Completed' };
    case 'FailedValidation': {
      const errors = validationErrors.length === 0 ? 'Velero does not say why' : joinSome(validationErrors, '; ');
      return failed(`${what} is FailedValidation, so that Velero did nothing: ${errors}`, false);
    }
    case 'PartiallyFailed':
      return failed(`${what} is PartiallyFailed, with ${status.errors} errors: a part of it is missing; ${look}`, true);
    case 'Failed':
      return failed(`${what} is Failed: ${failureReason ?? 'Velero does not say why'}; ${look}`, true);
    default:
      return busy(what, `${phase}: a phase that is not known here`);
  }
}

function nameIn(what: string): string {
  return what.split('/').at(-1) ?? what;
}

function busy(what: string, message: string): PhaseMeaning {
  return { kind: 'Busy', message: `${what} is ${message}` };
}

function failed(why: string, again: boolean): PhaseMeaning {
  return { kind: 'Failed', why, again };
}
