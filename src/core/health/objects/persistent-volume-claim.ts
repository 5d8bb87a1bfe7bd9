import { textAt } from './fields.ts';
import { current, inProgress, type ObjectHealth } from './object-health.ts';
import type { JudgedObject } from './rule.ts';

/** pvcConditions of kstatus. A claim whose class waits for its first consumer stays InProgress until a pod uses it. */
export function assessPersistentVolumeClaim({ fields }: JudgedObject): ObjectHealth {
  const phase = textAt(fields, 'status.phase', 'unknown');
  return phase === 'Bound' ? current('bound') : inProgress('NotBound', `not bound, its phase is ${phase}`);
}
