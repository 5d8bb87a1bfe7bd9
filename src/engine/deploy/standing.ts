/** What a Deployer shows of the cluster to people: the objects that stand, and what an Update changes of them. */

/** One object that an App put in place. */
export interface StandingObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for objects of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly health: 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'Absent' | 'Unknown';
  readonly message?: string;
  /** What somebody else changed of it, as a sentence. */
  readonly drift?: string;
}

/** What an Update does to one object. */
export interface ObjectChange {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** File that it was read from, where that is known. */
  readonly file?: string;
  readonly change: 'Created' | 'Configured' | 'Unchanged' | 'Pruned';
  /** Field by field, as `~ path: before -> after`; values of Secrets are left out. */
  readonly lines: readonly string[];
  /** Whether the cluster has it so; undefined where that is not known any more, because something newer has come. */
  readonly done?: boolean;
}

export interface UpdateChanges {
  readonly objects: readonly ObjectChange[];
  /** Of the values of a Helm release, in the same form. May tell what a Secret holds. */
  readonly values?: readonly string[];
}
