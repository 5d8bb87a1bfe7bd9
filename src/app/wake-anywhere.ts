/** Wakes an Update, wherever it is worked on. */
import type { Watched } from '../adapters/cluster/watched.ts';
import { describeError } from '../core/errors.ts';
import type { Records } from '../engine/ports/records.ts';
import type { Clock } from '../kube/clock.ts';
import { keyOf, parseKey } from '../kube/objects.ts';
import { checkAtKey } from '../resources/metadata.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import { openAnywhere } from '../resources/update/update-topics.ts';
import type { Logger } from '../telemetry/log.ts';
import type { WorkShare } from './work-share.ts';

export interface WakeOptions {
  readonly records: Pick<Records, 'findUpdate' | 'annotateUpdate'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly share: WorkShare;
  /** For an Update of this process, by key. */
  readonly enqueue: (key: string) => void;
  readonly signal: AbortSignal;
}

/** One of another replica is woken by an annotation, which that one watches; where it cannot be written, the Update comes by itself later. */
export function wakeAnywhere({ records, clock, log, share, enqueue, signal }: WakeOptions): (key: string) => void {
  return (key) => {
    const { namespace, name } = parseKey(key);
    const update = records.findUpdate(namespace, name);
    if (!update || share.has(`${namespace}/${update.spec.app}`)) {
      enqueue(key);
      return;
    }
    const told = records.annotateUpdate({ namespace, name }, { [checkAtKey]: clock.now().toISOString() }, signal);
    told.catch((error: unknown) => log.warn('Update was not woken', { update: key, error: describeError(error) }));
  };
}

/** Wakes all open Updates of the Apps (`namespace/name`) that have become this process's. */
export function takeUpFrom(
  updates: Pick<Watched<UpdateObjectWire>, 'listBy'>,
  enqueue: (key: string) => void,
): (isTaken: (app: string) => boolean) => void {
  return (isTaken) => {
    for (const update of updates.listBy(openAnywhere)) {
      if (isTaken(`${update.metadata.namespace}/${update.spec.app}`)) {
        enqueue(keyOf(update));
      }
    }
  };
}
