/**
 * An Application of Argo CD: Synced to what its spec asks for now, the operation done, and Healthy.
 *
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/health/
 */
import { type Fields, fieldAt, isFields, textAt } from './objects/fields.ts';
import { current, failed, inProgress, type ObjectHealth } from './objects/object-health.ts';

export function assessApplication(application: Fields): ObjectHealth {
  const compared = fieldAt(application, 'status.sync.comparedTo');
  if (!isFields(compared) || !isSameSource(fieldAt(application, 'spec'), compared)) {
    return inProgress('NotCompared', 'Argo CD has not looked at this source yet');
  }
  const operation = assessOperation(application);
  if (operation) {
    return operation;
  }
  const sync = textAt(application, 'status.sync.status', 'Unknown');
  if (sync !== 'Synced') {
    const how = fieldAt(application, 'spec.syncPolicy.automated') === undefined ? '; it does not sync by itself' : '';
    return inProgress(sync, `sync is ${sync}${how}`);
  }
  return assessHealth(application);
}

/** Of the sync that is running, or of the last one where it was one to this source. */
function assessOperation(application: Fields): ObjectHealth | undefined {
  const phase = textAt(application, 'status.operationState.phase', '');
  const message = textAt(application, 'status.operationState.message', `the sync is ${phase}`);
  if (fieldAt(application, 'operation') !== undefined || phase === 'Running' || phase === 'Terminating') {
    return inProgress('Syncing', message);
  }
  const result = fieldAt(application, 'status.operationState.syncResult');
  const isOurs = isFields(result) && isSameSource(fieldAt(application, 'spec'), result);
  return isOurs && (phase === 'Failed' || phase === 'Error') ? failed(`Sync${phase}`, message) : undefined;
}

function assessHealth(application: Fields): ObjectHealth {
  const status = textAt(application, 'status.health.status', 'Unknown');
  const message = textAt(application, 'status.health.message', `health is ${status}`);
  switch (status) {
    case 'Healthy':
      return current('synced and healthy');
    case 'Degraded':
      return failed('Degraded', message);
    default:
      return inProgress(status, message);
  }
}

const partsOfSource = ['repoURL', 'chart', 'path', 'targetRevision'];

function isSameSource(spec: unknown, compared: Fields): boolean {
  const wanted = sourcesOf(spec);
  const seen = sourcesOf(compared);
  return wanted.length === seen.length && wanted.every((source, index) => isAlike(source, seen[index]));
}

function sourcesOf(holder: unknown): readonly unknown[] {
  if (!isFields(holder)) {
    return [];
  }
  const several = holder['sources'];
  return Array.isArray(several) && several.length > 0 ? several : [holder['source']];
}

function isAlike(left: unknown, right: unknown): boolean {
  return (
    isFields(left) &&
    isFields(right) &&
    partsOfSource.every((part) => textAt(left, part, '') === textAt(right, part, ''))
  );
}
