/**
 * All writes to the objects of one kind, in their order and without a gap: what an informer, which may list again, does not promise.
 *
 * How far it is shows a mark that is written to an object beside: with the mark, every write before it has been seen.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isOperationError } from '../../src/core/errors.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import type { WatchEvent } from '../../src/kube/watch.ts';

export interface Follow<T extends KubeObject> {
  readonly client: KubeClient;
  readonly type: ResourceType;
  readonly signal: AbortSignal;
  /** Made at the start, in a namespace of its own, so that nobody acts on it. */
  readonly marked: T;
  look(object: T): void;
}

export interface Follower {
  /** Writes a mark and waits until it is seen; the answer is its resourceVersion. Rejects when it is not seen within 30 s. */
  reach(): Promise<bigint>;
}

const annotation = 'headgate.dev/soak-mark';
const againMs = 200;
const seenWithinMs = 30_000;

export async function followWrites<T extends KubeObject>(follow: Follow<T>): Promise<Follower> {
  const { client, type, marked, signal, look } = follow;
  const { namespace = '', name } = marked.metadata;
  await client.create<T>(type, marked);
  const seen = new Map<string, () => void>();
  const reading = read(follow, (object) => {
    if (object.metadata.namespace !== namespace) {
      return look(object);
    }
    seen.get(object.metadata.annotations?.[annotation] ?? '')?.();
  });
  const broken = reading.then(() => Promise.reject(new Error('the soak has ended')));
  broken.catch(() => undefined);
  let count = 0;
  return {
    async reach() {
      count += 1;
      const mark = `${count}`;
      const { promise, resolve } = Promise.withResolvers<void>();
      seen.set(mark, resolve);
      const body = { metadata: { annotations: { [annotation]: mark } } };
      const written = await client.patch<T>(type, { namespace, name }, { kind: 'merge', body });
      const late = delay(seenWithinMs, undefined, { signal, ref: false }).then(() =>
        Promise.reject(new Error(`watch ${type.plural}: a write is not seen within ${seenWithinMs} ms`)),
      );
      await Promise.race([promise, late, broken]);
      return BigInt(written.metadata.resourceVersion ?? '');
    },
  };
}

/** Ends with the signal; goes on from the last write that was seen as often as the watch breaks. Throws API_GONE where history is lost. */
async function read<T extends KubeObject>(
  { client, type, signal }: Follow<T>,
  look: (object: T) => void,
): Promise<void> {
  const first = await client.list<T>(type);
  first.items.forEach(look);
  let seen = first.resourceVersion;
  while (!signal.aborted) {
    try {
      for await (const event of client.watch<T>(type, { resourceVersion: seen, signal })) {
        seen = take(event, look) ?? seen;
      }
    } catch (error) {
      throwIfGone(error);
    }
    await delay(againMs, undefined, { signal }).catch(() => undefined);
  }
}

function take<T extends KubeObject>(event: WatchEvent<T>, look: (object: T) => void): string | undefined {
  if (event.kind === 'bookmark') {
    return event.resourceVersion;
  }
  if (event.kind !== 'deleted') {
    look(event.object);
  }
  return event.object.metadata.resourceVersion;
}

function throwIfGone(error: unknown): void {
  if (isOperationError(error, 'API_GONE')) {
    throw error;
  }
}
