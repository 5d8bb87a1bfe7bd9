import type { Waiting } from '../waiting.ts';

export type GateAnswer =
  /** @property notes what the record should say of gates that were passed although they could not be asked */
  | { readonly kind: 'Open'; readonly notes?: readonly string[] }
  /** @property lookAt when it is to be looked at again although nothing says that it will have changed */
  | { readonly kind: 'Shut'; readonly waiting: Waiting; readonly lookAt?: Date | undefined };
