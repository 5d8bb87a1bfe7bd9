import { findCondition } from './conditions.ts';
import { countAt, fieldAt, textAt } from './fields.ts';
import { current, failed, inProgress, type ObjectHealth } from './object-health.ts';
import type { AssessOptions, JudgedObject } from './rule.ts';

/**
 * jobConditions of kstatus: a Job that runs is Current, as is one that completed; `waitForJobs` holds it until it ended.
 * A Job that was asked to be suspended and is, is Current (cli-utils#668, after kstatus 0.37.2; 0.37.2: InProgress).
 */
export function assessJob(job: JudgedObject, { waitForJobs = false }: AssessOptions): ObjectHealth {
  const ended = job.conditions.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  const wanted = countAt(job.fields, 'spec.completions', countAt(job.fields, 'spec.parallelism', 1));
  const succeeded = countAt(job.fields, 'status.succeeded', 0);
  const failures = countAt(job.fields, 'status.failed', 0);
  if (ended?.type === 'Complete') {
    return current(`complete, ${succeeded} of ${wanted} pods succeeded`);
  }
  if (ended) {
    return failed(
      'JobFailed',
      ended.message === '' ? `${failures} pods failed, ${wanted} must succeed` : ended.message,
    );
  }
  if (isSuspended(job)) {
    return current('suspended, as asked for');
  }
  if (textAt(job.fields, 'status.startTime', '') === '') {
    return inProgress('JobNotStarted', 'not started yet');
  }
  const active = countAt(job.fields, 'status.active', 0);
  const progress = `${succeeded} of ${wanted} pods succeeded, ${active} active, ${failures} failed`;
  return waitForJobs ? inProgress('JobInProgress', progress) : current(progress);
}

function isSuspended({ fields, conditions }: JudgedObject): boolean {
  return fieldAt(fields, 'spec.suspend') === true && findCondition(conditions, 'Suspended', 'True') !== undefined;
}
