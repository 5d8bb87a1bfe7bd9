import { createHash } from 'node:crypto';
import type { WorkloadReference } from '../workload/workload.ts';

/** Longest name of an App. */
const maxLength = 52;
const hashLength = 8;

/** Name of the App that is made for a workload: `deployment-web`; a long name is cut and told apart by a hash. */
export function adoptedAppName({ kind, name }: Pick<WorkloadReference, 'kind' | 'name'>): string {
  const whole = `${kind.toLowerCase()}-${name}`;
  if (whole.length <= maxLength) {
    return whole;
  }
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, hashLength);
  return `${whole.slice(0, maxLength - hashLength - 1)}-${hash}`;
}
