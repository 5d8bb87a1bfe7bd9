/** What kstatus says of one object, and why. */

/**
 * `Current`: what was asked for is there. `InProgress`: on the way. `Failed`: will not get there by itself.
 * `Terminating`: being deleted. `Unknown`: the object has fields that the rules cannot read (kstatus: an error).
 * kstatus' NotFound is left out: it belongs to whoever looked for the object.
 */
export type ObjectStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'Unknown';

export interface ObjectHealth {
  readonly status: ObjectStatus;
  /** One CamelCase word, kstatus' own where it has one, or that of the object's condition; empty when there is nothing to explain. */
  readonly reason: string;
  readonly message: string;
}

export function current(message: string): ObjectHealth {
  return { status: 'Current', reason: '', message };
}

export function inProgress(reason: string, message: string): ObjectHealth {
  return { status: 'InProgress', reason, message };
}

export function failed(reason: string, message: string): ObjectHealth {
  return { status: 'Failed', reason, message };
}

/** The object carries a value that its API does not allow, so no rule can judge it. */
export function unknown(reason: string, message: string): ObjectHealth {
  return { status: 'Unknown', reason, message };
}
