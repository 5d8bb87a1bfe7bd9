/**
 * Health of an object whose field a deploy has set: by kstatus, but for two kinds that report in ways of their own and do not
 * say which generation they have seen.
 */
import { clipMessage } from '../text.ts';
import { assessApplication } from './argo-application.ts';
import type { Health } from './health.ts';
import { assessObject } from './objects/assess-object.ts';
import { type Fields, textAt } from './objects/fields.ts';
import type { ObjectHealth } from './objects/object-health.ts';
import { assessUpgradePlan } from './upgrade-plan.ts';

/** @param object as the API server gives it, with its status */
export function assessDeployedObject(object: Fields, now: Date): Health {
  const { status, reason, message } = judge(object, now);
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

function judge(object: Fields, now: Date): ObjectHealth {
  const [group] = textAt(object, 'apiVersion', '').split('/');
  switch (`${group}/${textAt(object, 'kind', '')}`) {
    case 'argoproj.io/Application':
      return assessApplication(object);
    case 'upgrade.cattle.io/Plan':
      return assessUpgradePlan(object);
    default:
      return assessObject(object, { now, waitForJobs: true });
  }
}
