/**
 * Health of an object whose field a deploy has set: by kstatus, but for two kinds that report in ways of their own and do not
 * say which generation they have seen.
 */
import { groupOf } from '../manifest/manifest-object.ts';
import { clipMessage } from '../text.ts';
import { assessApplication } from './argo-application.ts';
import type { Health } from './health.ts';
import { assessObject } from './objects/assess-object.ts';
import { type Fields, textAt } from './objects/fields.ts';
import { checkFor } from './objects/health-checks.ts';
import type { ObjectHealth } from './objects/object-health.ts';
import type { AssessOptions } from './objects/rule.ts';
import { assessUpgradePlan } from './upgrade-plan.ts';

export type DeployedOptions = Pick<AssessOptions, 'now' | 'checks'>;

/** @param object as the API server gives it, with its status */
export function assessDeployedObject(object: Fields, options: DeployedOptions): Health {
  const { status, reason, message } = judge(object, options);
  const said = clipMessage(reason === '' ? message : `${reason}: ${message}`);
  switch (status) {
    case 'Current':
      return { kind: 'Current' };
    case 'Failed':
      return { kind: 'Failed', reason: 'ObjectFailed', message: said };
    case 'InProgress':
    case 'Terminating':
    case 'Unknown':
      return { kind: 'InProgress', message: said };
  }
}

function judge(object: Fields, { now, checks }: DeployedOptions): ObjectHealth {
  const group = groupOf(textAt(object, 'apiVersion', ''));
  const kind = textAt(object, 'kind', '');
  if (checks && checkFor(checks, { group, kind })) {
    return assessObject(object, { now, checks });
  }
  switch (`${group}/${kind}`) {
    case 'argoproj.io/Application':
      return assessApplication(object);
    case 'upgrade.cattle.io/Plan':
      return assessUpgradePlan(object);
    default:
      return assessObject(object, { now, waitForJobs: true });
  }
}
