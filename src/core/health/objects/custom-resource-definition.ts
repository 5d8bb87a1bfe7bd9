import { current, failed, inProgress, type ObjectHealth } from './object-health.ts';
import type { JudgedObject } from './rule.ts';

/** crdConditions of kstatus: the first condition that decides does, in the order of the list. */
export function assessCustomResourceDefinition({ conditions }: JudgedObject): ObjectHealth {
  for (const { type, status, reason, message } of conditions) {
    const isRefused = type === 'NamesAccepted' && status === 'False';
    const isDown = type === 'Established' && status === 'False' && reason !== 'Installing';
    if (isRefused || isDown) {
      return failed(reason, message);
    }
    if (type === 'Established' && status === 'True') {
      return current('established');
    }
  }
  return inProgress('Installing', 'not established yet');
}
