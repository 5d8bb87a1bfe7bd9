/** How the marks of a workload are looked up, and which of them matter. */
import { isOperationError } from '../errors.ts';
import { parseImageReference } from '../image/reference.ts';
import { compilePattern } from '../policy/pattern.ts';
import type { Container } from '../workload/workload.ts';

export type Marks = Readonly<Record<string, string>>;

export const imagoConfigKey = 'imago-config-spec';

/** Lower case; Keel takes some of its keys in any case. */
const prefixes = [
  'keel.sh/',
  'keel.observer/',
  'fluxcd.io/',
  'filter.fluxcd.io/',
  'flux.weave.works/',
  'filter.flux.weave.works/',
];

/** Whether an annotation may be one of those that are read here; no other need be kept. */
export function isAdoptionMark(key: string): boolean {
  const lower = key.toLowerCase();
  return key === imagoConfigKey || prefixes.some((prefix) => lower.startsWith(prefix));
}

/** The value under a key in any case; the exact key first. */
export function valueInAnyCase(marks: Marks, key: string): string | undefined {
  if (Object.hasOwn(marks, key)) {
    return marks[key];
  }
  const lower = key.toLowerCase();
  return Object.entries(marks).find(([name]) => name.toLowerCase() === lower)?.[1];
}

/** The value under the first of the keys that is there. */
export function valueUnder(marks: Marks, ...keys: readonly string[]): string | undefined {
  const found = keys.find((key) => Object.hasOwn(marks, key));
  return found === undefined ? undefined : marks[found];
}

/** Runs a reader of a mark; what is wrong with the mark becomes a problem. */
export function attempt<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT') {
      throw error;
    }
    problems.push(error.message);
    return undefined;
  }
}

/** Whether a container's name has the pattern; every name where there is none. @throws POLICY_INVALID */
export function nameFilter(pattern: string | undefined, key: string): (name: string) => boolean {
  if (pattern === undefined) {
    return () => true;
  }
  return compilePattern(pattern, key).isIn;
}

/** Where a container's image comes from and which tag it has; undefined where it is no reference or names a digest alone. */
export function taggedImage({ image }: Pick<Container, 'image'>): { repository: string; tag: string } | undefined {
  try {
    const { tag, digest } = parseImageReference(image);
    const isPinned = digest !== undefined && tag === undefined;
    return isPinned ? undefined : { repository: repositoryText(image, { tag, digest }), tag: tag ?? 'latest' };
  } catch (error) {
    if (isOperationError(error, 'REFERENCE_INVALID')) {
      return undefined;
    }
    throw error;
  }
}

function repositoryText(
  image: string,
  { tag, digest }: { tag: string | undefined; digest: string | undefined },
): string {
  const end = (tag === undefined ? 0 : tag.length + 1) + (digest === undefined ? 0 : digest.length + 1);
  return image.slice(0, image.length - end);
}
