/**
 * Health of an object of any kind by the rules of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus/status, 0.37.2), which
 * kubectl plugins, Helm 4 and Flux share. An App's own workloads are judged by ../assess.ts, which also looks at pods.
 *
 * Differences, all of them: a kind known to report a status is InProgress until it did (reported-status.ts); a Job that
 * is suspended as asked for is Current (job.ts); a field that is null counts as absent; what kstatus answers with an
 * error is Unknown.
 */
import { groupOf } from '../../manifest/manifest-object.ts';
import { clipMessage } from '../../text.ts';
import { type Condition, readConditions } from './conditions.ts';
import { type Fields, fieldAt, showValue, textAt } from './fields.ts';
import { assessByCheck, checkFor } from './health-checks.ts';
import { current, failed, inProgress, type ObjectHealth, unknown } from './object-health.ts';
import { missingReport } from './reported-status.ts';
import type { AssessOptions } from './rule.ts';
import { ruleFor } from './rules.ts';

/**
 * Judges one object as the API server gives it, with its status.
 *
 * In this order: being deleted; its controller has not seen this generation; the check that somebody wrote for its kind, and
 * then nothing else; Reconciling or Stalled is True; the rule of its kind; its condition Ready; else Current.
 */
export function assessObject(object: Fields, options: AssessOptions): ObjectHealth {
  const { status, reason, message } = assessAny(object, options);
  return { status, reason: clipMessage(reason), message: clipMessage(message) };
}

function assessAny(object: Fields, options: AssessOptions): ObjectHealth {
  const deleted = fieldAt(object, 'metadata.deletionTimestamp') ?? '';
  if (deleted !== '') {
    return typeof deleted === 'string'
      ? { status: 'Terminating', reason: '', message: `being deleted since ${deleted}` }
      : unreadable(`metadata.deletionTimestamp is ${showValue(deleted)}, not a text`);
  }
  return assessGeneration(object) ?? assessByOwnCheck(object, options) ?? assessByRules(object, options);
}

/** By the expressions that somebody wrote for this kind. */
function assessByOwnCheck(object: Fields, { checks }: AssessOptions): ObjectHealth | undefined {
  const check = checks && checkFor(checks, kindOf(object));
  return checks && check && assessByCheck(object, check, checks.limit);
}

function assessByRules(object: Fields, options: AssessOptions): ObjectHealth {
  const read = readConditions(object);
  return read.kind === 'Unreadable' ? unreadable(read.problem) : assessSeen(object, read.conditions, options);
}

function assessSeen(fields: Fields, conditions: readonly Condition[], options: AssessOptions): ObjectHealth {
  const { group, kind } = kindOf(fields);
  const rule = ruleFor(group, kind);
  const health =
    assessStandardConditions(conditions) ??
    (rule === undefined ? assessReady(conditions) : rule({ fields, conditions }, options));
  const missing = missingReport(fields, group, kind);
  return health.status === 'Current' && missing !== undefined
    ? inProgress('NoStatus', `its controller has not reported yet (no ${missing})`)
    : health;
}

function assessGeneration(object: Fields): ObjectHealth | undefined {
  const generation = fieldAt(object, 'metadata.generation');
  const observed = fieldAt(object, 'status.observedGeneration');
  if (generation === undefined) {
    return undefined;
  }
  if (!Number.isInteger(generation)) {
    return unreadable(`metadata.generation is ${showValue(generation)}, not a whole number`);
  }
  if (observed === undefined || observed === generation) {
    return undefined;
  }
  return Number.isInteger(observed)
    ? inProgress(
        'LatestGenerationNotObserved',
        `its controller has not seen generation ${generation} yet, only ${observed}`,
      )
    : unreadable(`status.observedGeneration is ${showValue(observed)}, not a whole number`);
}

/** The first of the two that is True decides, and nothing else is looked at. */
function assessStandardConditions(conditions: readonly Condition[]): ObjectHealth | undefined {
  for (const { type, status, reason, message } of conditions) {
    if (status === 'True' && type === 'Reconciling') {
      return inProgress(reason, message);
    }
    if (status === 'True' && type === 'Stalled') {
      return failed(reason, message);
    }
  }
  return undefined;
}

/** Ready False does not say whether it will become True, so that it is never a failure. */
function assessReady(conditions: readonly Condition[]): ObjectHealth {
  const known = ['True', 'False', 'Unknown'];
  const ready = conditions.find(({ type, status }) => type === 'Ready' && known.includes(status));
  if (ready === undefined) {
    return current('nothing in its status speaks against it');
  }
  return ready.status === 'True' ? current('ready') : inProgress(ready.reason, ready.message);
}

function kindOf(object: Fields): { readonly group: string; readonly kind: string } {
  return { group: groupOf(textAt(object, 'apiVersion', '')), kind: textAt(object, 'kind', '') };
}

function unreadable(message: string): ObjectHealth {
  return unknown('FieldInvalid', message);
}
