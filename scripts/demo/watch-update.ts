/** Waiting for what the demo expects, by watching, with a deadline. */

import { updates } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { decodeUpdate, type UpdateObjectWire } from '../../src/resources/update/decode-update.ts';

export interface Expected {
  readonly namespace: string;
  /** Tag that the Update moves to. */
  readonly tag: string;
  readonly phase: 'Succeeded' | 'RolledBack';
  readonly deadlineMs: number;
  /** Told of each new phase. */
  readonly onPhase: (update: UpdateObjectWire) => void;
}

/** Resolves with the Update in the expected phase; rejects when it ended otherwise or the deadline passed. */
export async function expectUpdate(client: KubeClient, expected: Expected): Promise<UpdateObjectWire> {
  const { promise, resolve, reject } = Promise.withResolvers<UpdateObjectWire>();
  const stop = new AbortController();
  const deadline = setTimeout(
    () =>
      reject(
        new Error(`no Update to ${expected.tag} reached ${expected.phase} within ${expected.deadlineMs / 1000} s`),
      ),
    expected.deadlineMs,
  );
  let lastPhase = '';
  const look = (object: KubeObject) => {
    const update = decodeUpdate(object, `Update ${object.metadata.name}`);
    if (update.spec.changes[0]?.to.tag !== expected.tag) {
      return;
    }
    const phase = update.status?.phase ?? 'Pending';
    if (phase !== lastPhase) {
      lastPhase = phase;
      expected.onPhase(update);
    }
    if (phase === expected.phase) {
      resolve(update);
    } else if (update.status?.finishedAt !== undefined) {
      const why = update.status.failure?.message ?? update.status.steps?.at(-1)?.message;
      reject(
        new Error(
          `Update ${update.metadata.name} to ${expected.tag} ended ${phase}, expected ${expected.phase}: ${why}`,
        ),
      );
    }
  };
  startInformer({
    client,
    type: updates,
    namespace: expected.namespace,
    onChange: look,
    signal: stop.signal,
    onError: reject,
  });
  try {
    return await promise;
  } finally {
    clearTimeout(deadline);
    stop.abort();
  }
}
