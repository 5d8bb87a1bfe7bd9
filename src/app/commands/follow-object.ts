/** One object as it changes, for whoever waits for what becomes of it. */
import type { KubeClient } from '../../kube/client.ts';
import { startInformer } from '../../kube/informer.ts';
import { type KubeObject, keyOf, type ObjectKey, type ResourceType } from '../../kube/objects.ts';

/** @property isLast after it there is nothing more to wait for; never when absent */
export interface Followed<T> {
  readonly type: ResourceType;
  readonly decode: (object: unknown, what: string) => T;
  readonly isLast?: (value: T) => boolean;
}

/** Ends with the last one, when it is deleted, or with the signal. Several changes at once are one. */
export async function* followObject<T>(
  client: KubeClient,
  { type, decode, isLast }: Followed<T>,
  { namespace, name }: ObjectKey,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  let changed = Promise.withResolvers<void>();
  const informer = startInformer<KubeObject>({
    client,
    type,
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
      const value = decode(object, `${type.kind} ${namespace}/${name}`);
      yield value;
      if (isLast?.(value)) {
        return;
      }
      await changed.promise;
    }
  } finally {
    stop.abort();
    await informer.stopped;
  }
}
