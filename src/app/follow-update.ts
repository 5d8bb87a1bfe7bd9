/** One Update as it changes, for whoever waits for its end. */
import { updates } from '../adapters/cluster/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { startInformer } from '../kube/informer.ts';
import { type KubeObject, keyOf } from '../kube/objects.ts';
import { decodeUpdate, hasEnded, type UpdateObjectWire } from '../resources/decode-update.ts';

/** Ends with the Update, when it is deleted, or with the signal. Several changes at once are one. */
export async function* followUpdate(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): AsyncGenerator<UpdateObjectWire> {
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  let changed = Promise.withResolvers<void>();
  const informer = startInformer<KubeObject>({
    client,
    type: updates,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    onChange: () => changed.resolve(),
    onError: () => undefined,
    signal: ending,
  });
  ending.addEventListener('abort', () => changed.resolve(), { once: true });
  try {
    await informer.synced;
    while (!ending.aborted) {
      changed = Promise.withResolvers<void>();
      const object = informer.store.get(keyOf({ metadata: { namespace, name } }));
      if (!object) {
        return;
      }
      const update = decodeUpdate(object, `Update ${namespace}/${name}`);
      yield update;
      if (hasEnded(update)) {
        return;
      }
      await changed.promise;
    }
  } finally {
    stop.abort();
    await informer.stopped;
  }
}
