/** The ways that a cluster comes to a Release besides the one of the test cluster itself; each is tried in a scratch namespace. */
import type { TryOn } from '../channel/channel.ts';
import type { Release } from '../channel/release.ts';

export type TrialPath =
  /** Where nothing of it ran before. */
  | { readonly kind: 'Install' }
  /** From an older Release that is still in the field. */
  | { readonly kind: 'Upgrade'; readonly from: string };

/** @param path undefined: in the test cluster itself */
export function isSamePath(path: TrialPath | undefined, other: TrialPath | undefined): boolean {
  return sayPath(path) === sayPath(other);
}

export function sayPath(path: TrialPath | undefined): string {
  switch (path?.kind) {
    case undefined:
      return 'in the test cluster';
    case 'Install':
      return 'clean install';
    case 'Upgrade':
      return `upgrade from ${path.from}`;
  }
}

type Known = Pick<Release, 'name' | 'sequence'>;

/** @param missing names that no Release of the Channel has */
export interface PathPlan {
  readonly paths: readonly TrialPath[];
  readonly missing: readonly string[];
}

/**
 * Which paths a set has to pass. The last Release is none of them, because the test cluster itself comes from it.
 *
 * @param withdrawn nobody is to be on these any more
 */
export function planPaths(
  { cleanInstall, newest, releases: named }: Pick<TryOn, 'cleanInstall' | 'newest' | 'releases'>,
  releases: readonly Known[],
  withdrawn: readonly string[],
): PathPlan {
  const [, ...older] = releases.toSorted((left, right) => right.sequence - left.sequence).map(({ name }) => name);
  const isThere = new Set(releases.map(({ name }) => name));
  const field = older.filter((name) => !withdrawn.includes(name)).slice(0, newest);
  const from = new Set([...field, ...named.filter((name) => isThere.has(name))]);
  return {
    paths: [
      ...(cleanInstall ? [{ kind: 'Install' } as const] : []),
      ...[...from].map((name): TrialPath => ({ kind: 'Upgrade', from: name })),
    ],
    missing: named.filter((name) => !isThere.has(name)),
  };
}
