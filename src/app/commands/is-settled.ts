import type { AdoptionSettings } from '../../core/adopt/read-marks.ts';
import { awaitsAdoption } from '../adoption/awaited-adoptions.ts';
import type { WatchedReleases } from '../adoption/watch-releases.ts';
import { allWorkloads, type Caches } from '../caches.ts';

interface Settling {
  readonly caches: Caches;
  readonly adoption: AdoptionSettings;
  readonly checks: { readonly size: number };
  readonly outerGates: { readonly size: number };
  readonly countAttempts: () => number;
  readonly countDrillAttempts: () => number;
  readonly releases: Pick<WatchedReleases, 'isSynced'>;
}

/** Whether nothing is under way that would wake a controller. */
export function isSettled({ caches, adoption, checks, outerGates, releases, ...attempts }: Settling): boolean {
  const isAtWork = checks.size + outerGates.size + attempts.countAttempts() + attempts.countDrillAttempts() > 0;
  return !isAtWork && releases.isSynced() && !awaitsAdoption(allWorkloads(caches), caches.apps, adoption);
}
