/**
 * What becomes of the data on the way back. It is brought back only where the new version was at work after the checkpoint: data that it
 * cannot have written is left alone. Once decided, it is in the journal, because what the cluster shows changes on the way.
 */
import type { DataPolicy } from '../checkpoint/backup.ts';
import type { DataRestore } from '../checkpoint/checkpoint.ts';
import type { Waiting } from '../waiting.ts';
import type { Journal } from './journal.ts';

export type DataStep =
  /** Note that the new version was at work. */
  | { readonly kind: 'NoteRan' }
  /** Write down what becomes of the data. */
  | { readonly kind: 'DecideData'; readonly state: DataRestore['state']; readonly message: string }
  /** Go on with bringing the data back; harmless to repeat. */
  | { readonly kind: 'RestoreData' };

type Decision = Extract<DataStep, { kind: 'DecideData' }>;

/** @returns undefined where there is nothing to decide, or it was decided */
export function decideData(
  journal: Journal,
  seen: { readonly ran: boolean },
  policy: DataPolicy,
): Decision | undefined {
  const { checkpoint, dataRestore } = journal;
  if (checkpoint?.state !== 'Completed' || checkpoint.kind === 'Objects' || dataRestore !== undefined) {
    return undefined;
  }
  const ran = journal.ran === true || seen.ran;
  if (!ran) {
    return decide('NotNeeded', 'the new version was never at work, so that it cannot have written');
  }
  switch (policy) {
    case 'Never':
      return decide('NotNeeded', 'spec.rollback.data is Never');
    case 'Ask':
      return decide('Asked', 'spec.rollback.data is Ask');
    case 'OnFailure':
      return decide('Agreed', 'spec.rollback.data is OnFailure');
  }
}

export type WithData =
  | Extract<DataStep, { kind: 'RestoreData' }>
  | { readonly kind: 'Wait'; readonly waiting: Waiting }
  | { readonly kind: 'Finish'; readonly phase: 'Failed'; readonly message: string };

/** What is to be done about the data before anything else goes back; undefined: nothing, or nothing any more. */
export function bringData(journal: Journal): WithData | undefined {
  const { dataRestore, failure } = journal;
  switch (dataRestore?.state) {
    case undefined:
    case 'NotNeeded':
    case 'Done':
      return undefined;
    case 'Agreed':
    case 'Running':
      return { kind: 'RestoreData' };
    case 'Asked': {
      const message = `${failure?.message ?? 'it goes back'}; the data of checkpoint ${dataRestore.update} can be brought back, which loses what was written since; a person has to say whether`;
      return { kind: 'Wait', waiting: { reason: 'RestoreApproval', message } };
    }
    case 'Failed': {
      const cause = failure === undefined ? '' : `${failure.message}; `;
      return { kind: 'Finish', phase: 'Failed', message: `${cause}${dataRestore.message ?? 'the data is not back'}` };
    }
  }
}

/** Some of the data is back, or all of it: the version that goes must not write to it. */
export function isDataTouched({ dataRestore }: Journal): boolean {
  const { state } = dataRestore ?? {};
  return state === 'Running' || state === 'Done' || state === 'Failed';
}

function decide(state: Decision['state'], message: string): Decision {
  return { kind: 'DecideData', state, message };
}
