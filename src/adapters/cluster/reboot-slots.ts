/** Fulfils the engine's RebootSlots: one ConfigMap with a key for each group, written under optimistic locking. */
import Type from 'typebox';
import { Value } from 'typebox/value';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { SlotHolder } from '../../core/fleet-lock/slots.ts';
import type { RebootSlots } from '../../engine/ports/reboot-slots.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, ObjectKey } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';

interface SlotsObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const Holders = Type.Array(
  Type.Object({ id: Type.String({ maxLength: 253 }), since: Type.String({ format: 'date-time' }) }),
  { maxItems: 10_000 },
);

/** Two nodes that ask at the same moment are the rule after a power cut. */
const maxTries = 8;

export function createRebootSlots(client: KubeClient, key: ObjectKey): RebootSlots {
  const find = async (signal: AbortSignal) => await client.find<SlotsObject>(configMaps, key, { signal });

  const write = async (found: SlotsObject | undefined, data: Readonly<Record<string, string>>, signal: AbortSignal) => {
    if (found === undefined) {
      await client.create<SlotsObject>(configMaps, { metadata: key, data }, { signal });
    } else {
      await client.replace<SlotsObject>(configMaps, { ...found, data }, { signal });
    }
  };

  const tryOnce: RebootSlots['change'] = async (group, decide, signal) => {
    const found = await find(signal);
    const before = holdersOf(found, group);
    const after = decide(before);
    if (after !== before) {
      await write(found, { ...found?.data, [group]: encode(after) }, signal);
    }
    return after;
  };

  return {
    read: async (group, signal) => holdersOf(await find(signal), group),
    async change(group, decide, signal) {
      for (let tries = 1; tries < maxTries; tries += 1) {
        try {
          return await tryOnce(group, decide, signal);
        } catch (error) {
          if (!isOperationError(error, 'API_CONFLICT')) {
            throw error;
          }
        }
      }
      return await tryOnce(group, decide, signal);
    },
  };
}

function encode(holders: readonly SlotHolder[]): string {
  return JSON.stringify(holders.map(({ id, since }) => ({ id, since: since.toISOString() })));
}

/** @throws OBJECT_INVALID: what a person has broken by hand must not count as nobody */
function holdersOf(found: SlotsObject | undefined, group: string): readonly SlotHolder[] {
  const text = found?.data?.[group];
  if (text === undefined) {
    return [];
  }
  const parsed = parse(text);
  if (!Value.Check(Holders, parsed)) {
    const name = `${found?.metadata.namespace ?? ''}/${found?.metadata.name ?? ''}`;
    throw new OperationError(
      `ConfigMap ${name}: data.${group} is no list of {id, since}; correct it, or delete the key`,
      {
        code: 'OBJECT_INVALID',
        retry: 'backoff',
        context: { object: name },
      },
    );
  }
  return parsed.map(({ id, since }) => ({ id, since: new Date(since) }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
