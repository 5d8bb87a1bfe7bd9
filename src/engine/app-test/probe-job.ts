/** Tests of kind `job`: a Job of the user's, started once for each attempt; its exit code is the outcome. */

import type { JobProbe } from '../../core/app-test/app-test.ts';
import { logDigest } from '../../core/app-test/log-digest.ts';
import { isOperationError } from '../../core/errors.ts';
import { jobNameOf } from '../../core/job/job-name.ts';
import type { JobOutcome, JobRequest, Jobs } from '../ports/jobs.ts';
import { type Attempted, countedFor, ended, type Prober, type TestAttempt } from './test-runner.ts';

/** What a container writes into its termination message to say that it could not tell. */
const inconclusiveWord = /^\s*inconclusive\b/i;

export function createJobProber(jobs: Jobs): Prober<JobProbe> {
  return {
    async attempt(attempt, signal) {
      const { subject, record, probe } = attempt;
      const { owner } = subject;
      if (record.run === undefined) {
        return await start(jobs, attempt, signal);
      }
      const job = { namespace: subject.namespace, name: record.run.id };
      const outcome = await jobs.look(`${owner.namespace}/${owner.name}`, job, signal);
      return judge(job.name, probe, outcome);
    },
    release: ({ namespace, name }) => jobs.unwatch(`${namespace}/${name}`),
  };
}

async function start(jobs: Jobs, attempt: TestAttempt<JobProbe>, signal: AbortSignal): Promise<Attempted> {
  const { subject, record, probe } = attempt;
  const { owner } = subject;
  const name = jobNameOf(
    { name: owner.name, uid: `${countedFor(subject)} ${attempt.test.name}` },
    `test-${record.attempts + 1}`,
  );
  const request: JobRequest = {
    ...{ namespace: subject.namespace, name, purpose: 'test', template: probe.template },
    env: envOf(attempt),
    owner: {
      apiVersion: owner.kind === 'Namespace' ? 'v1' : 'headgate.dev/v1alpha1',
      ...{ kind: owner.kind, name: owner.name, uid: owner.uid },
    },
    isAway: owner.namespace !== subject.namespace,
    deadlineSeconds: Math.max(1, Math.ceil(probe.timeoutMs / 1_000)),
    retries: 0,
    serviceAccount: probe.serviceAccount,
  };
  try {
    await jobs.start(request, signal);
    return { kind: 'Begun', id: name };
  } catch (error) {
    if (isOperationError(error) && ['API_INVALID', 'API_REJECTED', 'API_FORBIDDEN'].includes(error.code)) {
      return ended('Error', error.message);
    }
    throw error;
  }
}

function judge(name: string, probe: JobProbe, outcome: JobOutcome): Attempted {
  switch (outcome.kind) {
    case 'Running':
      return { kind: 'UnderWay', message: `Job ${name}: ${outcome.message}`, until: outcome.until };
    case 'Succeeded':
      return inconclusiveWord.test(outcome.message)
        ? ended('Inconclusive', `Job ${name}: ${outcome.message.trim()}`)
        : ended('Pass', sayJob(name, 'succeeded', outcome.message));
    case 'Failed': {
      const { said = '', exitCode, log, message } = outcome;
      const couldNotTell =
        inconclusiveWord.test(said) || (exitCode !== undefined && exitCode === probe.inconclusiveExitCode);
      const text = exitCode === undefined ? message : `failed with exit code ${exitCode}`;
      return ended(couldNotTell ? 'Inconclusive' : 'Fail', sayJob(name, text, said || log), logDigest(log));
    }
    case 'TimedOut':
      return ended('Fail', sayJob(name, outcome.message, outcome.log), logDigest(outcome.log));
    case 'Gone':
      return ended('Error', `Job ${name} was deleted before it had ended`);
  }
}

/** The end of what it says. */
const longestTail = 1_000;

function sayJob(name: string, what: string, said: string): string {
  const tail = said.trim().slice(-longestTail);
  return `Job ${name} ${what}${tail === '' ? '' : `: ${tail}`}`;
}

/** `HEADGATE_VERSION_WEB` of source `web`; those without a source are of the first. */
function envOf({ subject, test }: TestAttempt<JobProbe>): Readonly<Record<string, string>> {
  const fields = { ...subject.fields, test: test.name };
  const named = Object.entries(fields).map(([name, value]) => [envName(name), value] as const);
  const sources = subject.changes.map(({ source }) => source);
  return { ...Object.fromEntries(named), HEADGATE_SOURCES: sources.join(' ') };
}

function envName(field: string): string {
  return `HEADGATE_${field.replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase()}`;
}
