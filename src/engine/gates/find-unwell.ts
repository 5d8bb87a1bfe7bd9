/** Whether the workloads of an App are well before they are touched; from watched copies. */
import type { AppSpec } from '../../core/app/app.ts';
import { assessWorkload } from '../../core/health/assess.ts';
import { joinSome } from '../../core/text.ts';
import { isAdopted } from '../../resources/app/adopted-app.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { fixAnnotation } from '../../resources/metadata.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Survey } from '../deploy/deployer.ts';

export interface Patient {
  readonly app: AppObjectWire;
  readonly spec: AppSpec;
  readonly update: UpdateObjectWire;
}

/**
 * What is amiss; undefined: nothing, or it does not matter. It does not for an Update that is marked a fix, nor for one that takes over
 * from another that never proved itself: what is amiss is that one's rollout.
 */
export function findUnwell({ app, spec, update }: Patient, survey: Survey): string | undefined {
  const isAsked = spec.gates.preflight.checks?.includes('Health') ?? !isAdopted(app);
  const isFix = update.metadata.annotations?.[fixAnnotation] !== undefined;
  if (!isAsked || isFix || update.spec.supersedes !== undefined) {
    return undefined;
  }
  const parts = survey.workloads.flatMap((workload) => {
    const health = assessWorkload(workload, [], new Map());
    // Where no controller has ever looked at it there is nothing that could be told well from ill.
    const isKnown = workload.rollout.observedGeneration !== undefined;
    return health.kind === 'Current' || !isKnown ? [] : [`${workload.kind} ${workload.name}: ${health.message}`];
  });
  return parts.length === 0 ? undefined : joinSome(parts, '; ');
}
