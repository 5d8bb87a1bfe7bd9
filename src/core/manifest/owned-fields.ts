/**
 * Which part of a live object is ours: the fields that the manifest sets, with the values that the API server gave them.
 *
 * The server writes values in its own way (`1000m` becomes `1`) and adds defaults, so a live object is never compared with the
 * manifest, but with what the server answered when the manifest was applied, cut to the same fields.
 */
import { type Fields, isFields } from '../health/objects/fields.ts';

/** What names an item of an associative list, in the order in which it is tried (merge keys of the built-in kinds). */
const itemKeys = [
  'name',
  'key',
  'mountPath',
  'devicePath',
  'containerPort',
  'port',
  'ip',
  'topologyKey',
  'uid',
  'type',
];

/** The live value cut to the fields of the desired one; what is missing in the live value is missing here. */
export function cutToOwned(desired: unknown, live: unknown): unknown {
  if (isFields(desired) && isFields(live)) {
    return cutFields(desired, live);
  }
  return Array.isArray(desired) && Array.isArray(live) ? cutItems(desired, live) : live;
}

function cutFields(desired: Fields, live: Fields): Fields {
  const cut: Record<string, unknown> = {};
  for (const name of Object.keys(desired)) {
    if (Object.hasOwn(live, name)) {
      cut[name] = cutToOwned(desired[name], live[name]);
    }
  }
  return cut;
}

/** Others may add items to an associative list (a sidecar); in any other list the whole list is ours. */
function cutItems(desired: readonly unknown[], live: readonly unknown[]): readonly unknown[] {
  const key = itemKeyOf(desired);
  if (key === undefined || !live.every(isFields)) {
    return live;
  }
  return desired.filter(isFields).map((item) => {
    const same = live.find((one) => one[key] === item[key]);
    return same === undefined ? null : cutToOwned(item, same);
  });
}

/** The field by which the items of a list are told apart; undefined when there is none that every item has with a value of its own. */
export function itemKeyOf(items: readonly unknown[]): string | undefined {
  if (items.length === 0 || !items.every(isFields)) {
    return undefined;
  }
  return itemKeys.find((key) => {
    const values = items.map((item) => item[key]);
    return values.every((value) => typeof value === 'string' || typeof value === 'number') && isUnique(values);
  });
}

function isUnique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
