/** Whose annotations are followed, and how; from the command line and the environment that Keel had. */
import type { AdoptableSystem } from '../../core/adopt/adoption.ts';
import { keelCron } from '../../core/adopt/keel.ts';
import type { AdoptionSettings } from '../../core/adopt/read-marks.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import { parseCron } from '../../core/schedule/cron.ts';
import { keelEnvironment } from '../config.ts';

export interface AdoptionChoice {
  readonly systems: readonly AdoptableSystem[];
  /** Whether Apps are made of Helm releases with a `keel:` block; needs `keel` among the systems. */
  readonly followsReleases?: boolean;
  /** Hosts of registries that are spoken to in plain http for Apps made of annotations. */
  readonly insecureRegistries: readonly string[];
}

/** Keel's own default. */
const defaultSchedule = '@every 1m';

/**
 * @param choice undefined: nothing is adopted
 * @throws CONFIG_INVALID when POLL_DEFAULTSCHEDULE is no schedule
 */
export function adoptionSettings(choice: AdoptionChoice | undefined): AdoptionSettings {
  const { systems, followsReleases = false, insecureRegistries } = choice ?? { systems: [], insecureRegistries: [] };
  const schedule = keelCron(keelEnvironment().defaultSchedule ?? defaultSchedule);
  try {
    parseCron(schedule, 'POLL_DEFAULTSCHEDULE');
  } catch (error) {
    throw isOperationError(error, 'OBJECT_INVALID')
      ? new OperationError(error.message, { code: 'CONFIG_INVALID', retry: 'never' })
      : error;
  }
  const isFollowed = followsReleases && systems.includes('keel');
  return { systems, followsReleases: isFollowed, keel: { defaultSchedule: schedule }, insecureRegistries };
}
