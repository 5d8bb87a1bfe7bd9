/**
 * A Plan of Rancher's system-upgrade-controller: resolved to the version that its spec names, and complete on every node that it
 * selects. A Job that failed leaves Complete False with reason JobFailed.
 *
 * @see https://github.com/rancher/system-upgrade-controller/blob/master/pkg/apis/upgrade.cattle.io/v1/types.go
 */
import { findCondition, readConditions } from './objects/conditions.ts';
import { type Fields, fieldAt, textAt } from './objects/fields.ts';
import { current, failed, inProgress, type ObjectHealth, unknown } from './objects/object-health.ts';

const failureReasons: ReadonlySet<string> = new Set(['JobFailed', 'Error']);

export function assessUpgradePlan(plan: Fields): ObjectHealth {
  const read = readConditions(plan);
  if (read.kind === 'Unreadable') {
    return unknown('FieldInvalid', read.problem);
  }
  const { conditions } = read;
  const invalid = findCondition(conditions, 'Validated', 'False');
  if (invalid && failureReasons.has(invalid.reason)) {
    return failed('Validated', invalid.message);
  }
  const wanted = munge(textAt(plan, 'spec.version', ''));
  const resolved = textAt(plan, 'status.latestVersion', '');
  if (wanted !== '' && wanted !== resolved) {
    return inProgress('NotResolved', `its controller has seen version "${resolved}", not "${wanted}" yet`);
  }
  const incomplete = findCondition(conditions, 'Complete', 'False');
  if (incomplete && failureReasons.has(incomplete.reason)) {
    return failed(incomplete.reason, incomplete.message);
  }
  return findCondition(conditions, 'Complete', 'True') && nodesAt(plan).length === 0
    ? current('complete on every node')
    : inProgress('Applying', incomplete?.message || `it is applied to ${nodesAt(plan).join(', ') || 'no node yet'}`);
}

function nodesAt(plan: Fields): readonly string[] {
  const applying = fieldAt(plan, 'status.applying');
  return Array.isArray(applying) ? applying.map(String) : [];
}

/** As the controller does it: a tag of an image has no plus sign. */
function munge(version: string): string {
  return version.replaceAll('+', '-');
}
