import { textAt } from './fields.ts';
import { current, inProgress, type ObjectHealth } from './object-health.ts';
import type { JudgedObject } from './rule.ts';

/** serviceConditions of kstatus: of a LoadBalancer only the cluster IP is asked for, not the address outside. */
export function assessService({ fields }: JudgedObject): ObjectHealth {
  const hasNoIp = textAt(fields, 'spec.clusterIP', '') === '';
  return textAt(fields, 'spec.type', 'ClusterIP') === 'LoadBalancer' && hasNoIp
    ? inProgress('NoIPAssigned', 'it has no cluster IP yet (type LoadBalancer)')
    : current('ready');
}
