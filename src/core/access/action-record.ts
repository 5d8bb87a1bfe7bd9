/** What a person or a program did by the API, as the record of an App, an Update or a Channel keeps it. */

export const actionNames = [
  'Check',
  'UpdateNow',
  'Deploy',
  'Approve',
  'Reject',
  'Hold',
  'Unhold',
  'RollBack',
  'Restore',
  'Annotate',
  'LiftRejection',
] as const;

export type ActionName = (typeof actionNames)[number];

export interface ActionRecord {
  readonly action: ActionName;
  /** As Kubernetes knows them. */
  readonly by: string;
  readonly at: Date;
  /** Address that it was asked from. */
  readonly from: string;
  readonly reason: string;
}

/** As many as the schema takes; the oldest go first. */
export const maxActions = 50;

export function withAction(before: readonly ActionRecord[] | undefined, action: ActionRecord): readonly ActionRecord[] {
  return [...(before ?? []), action].slice(-maxActions);
}

/** Whether somebody has said that it shall begin without waiting for its time. */
export function isHurried(actions: readonly ActionRecord[] | undefined): boolean {
  return actions?.some(({ action }) => action === 'UpdateNow') === true;
}
