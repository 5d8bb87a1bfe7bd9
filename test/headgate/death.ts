/** Moments at which a Headgate under test kills itself, and the client that sees them come. */

import type { PatchOptions } from '../../src/kube/calls.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, NewObject, ObjectKey, ResourceType } from '../../src/kube/objects.ts';
import type { UpdateObjectWire } from '../../src/resources/update/decode-update.ts';

/**
 * `step`: when the StepListener has been told of the step. `write`: right before the request is sent, so that all that
 * was done before stays and this does not happen; `any` stands for each write. `count`: at which occurrence.
 */
export type Death =
  | { readonly kind: 'step'; readonly step: string }
  | { readonly kind: 'write'; readonly write: string; readonly count: number };

/** Kills this process as the kernel does when memory is short: nothing runs afterwards, not even a `finally`. */
export function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/**
 * A client that dies at a write. Writes are named by verb and plural, as `patch deployments`; a journal by its phase,
 * then whether it notes health or a wait, as `journal Watching healthy`.
 *
 * @param end what comes in the place of the write; nothing may be written after it
 */
export function mortalClient(
  client: KubeClient,
  { write, count }: Extract<Death, { kind: 'write' }>,
  end: (name: string) => void = die,
): KubeClient {
  let seen = 0;
  const before = (name: string): void => {
    const counts = write === 'any' || name === write;
    seen += counts ? 1 : 0;
    if (counts && seen === count) {
      end(name);
    }
  };
  return {
    get: (...parts) => client.get(...parts),
    find: (...parts) => client.find(...parts),
    list: (...parts) => client.list(...parts),
    listPages: (...parts) => client.listPages(...parts),
    watch: (...parts) => client.watch(...parts),
    request: (...parts) => client.request(...parts),
    pass: (...parts) => client.pass(...parts),
    stream: (...parts) => client.stream(...parts),
    exec: (...parts) => client.exec(...parts),
    close: () => client.close(),
    create<T extends KubeObject>(type: ResourceType, object: NewObject<T>, options?: object) {
      before(`create ${type.plural}`);
      return client.create<T>(type, object, options);
    },
    replace(type, object, options) {
      before(`replace ${type.plural}`);
      return client.replace(type, object, options);
    },
    replaceStatus(type, object, options) {
      before(type.plural === 'updates' ? journalName(object) : `status ${type.plural}`);
      return client.replaceStatus(type, object, options);
    },
    patch(type, key, patch, options) {
      before(`patch ${type.plural}`);
      return client.patch(type, key, patch, options);
    },
    apply<T extends KubeObject>(type: ResourceType, key: ObjectKey, body: unknown, options?: PatchOptions) {
      before(`apply ${type.plural}`);
      return client.apply<T>(type, key, body, options);
    },
    actAs: (user) => mortalClient(client.actAs(user), { kind: 'write', write, count }, end),
    delete(type, key, options) {
      before(`delete ${type.plural}`);
      return client.delete(type, key, options);
    },
  };
}

function journalName(object: KubeObject & { readonly status?: UpdateObjectWire['status'] }): string {
  const { status } = object;
  const note = status?.healthySince !== undefined ? ' healthy' : status?.waiting === undefined ? '' : ' waiting';
  return `journal ${status?.phase}${note}`;
}
