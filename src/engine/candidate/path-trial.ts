/** A trial that is made in a scratch namespace. */
import type { Trial } from '../../core/candidate/candidate.ts';
import type { TrialPath } from '../../core/candidate/trial-path.ts';
import { invariant } from '../../core/errors.ts';

export interface PathTrial extends Trial {
  readonly path: TrialPath;
}

export function isOnPath(trial: Trial | undefined): trial is PathTrial {
  return trial?.path !== undefined;
}

export function openPathTrial(trial: Trial | undefined): PathTrial {
  invariant(isOnPath(trial), 'a step in a scratch namespace, and no trial is there');
  return trial;
}
