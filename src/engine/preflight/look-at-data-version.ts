/** Reads the version of the data by a Job of the user's, once for each Update, and holds it against what the new version takes. */
import type { AppSpec } from '../../core/app/app.ts';
import { fillAccepts, judgeDataVersion } from '../../core/preflight/data-version.ts';
import type { Waiting } from '../../core/waiting.ts';
import { version as apiVersion, group } from '../../resources/schema-parts.ts';
import { changesOf } from '../../resources/update/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobKey, Jobs } from '../ports/jobs.ts';

export interface DataVersionContext {
  readonly clock: Clock;
  readonly jobs: Jobs;
}

/** A Job that failed is tried again after this time: the volume may have been busy. */
const retryMs = 300_000;

const reading = 'the version of the data is being read';

/** @throws errors of the API server that pass */
export async function lookAtDataVersion(
  context: DataVersionContext,
  { work, spec }: { readonly work: Work; readonly spec: AppSpec },
  signal: AbortSignal,
): Promise<Waiting | undefined> {
  const check = spec.gates.preflight.dataVersion;
  if (check === undefined) {
    return undefined;
  }
  const { namespace, name, uid } = work.update.metadata;
  const version = changesOf(work.update.spec).find(({ to }) => to.tag !== undefined)?.to.tag ?? '';
  const wanted = fillAccepts(check.accepts, version);
  const job: JobKey = { namespace, name: `${name}-data-version` };
  const watcher = `${namespace}/${name}`;
  const outcome = await context.jobs.look(watcher, job, signal);
  switch (outcome.kind) {
    case 'Gone':
      await start();
      return { reason: 'Preflight', message: reading };
    case 'Running':
      return { reason: 'Preflight', message: reading, until: outcome.until };
    case 'Succeeded': {
      const problem = judgeDataVersion(outcome.message, wanted);
      return problem === undefined ? undefined : await refuse(problem);
    }
    case 'Failed':
    case 'TimedOut':
      return await refuse(`the version of the data could not be read: ${outcome.message} ${outcome.log.slice(-200)}`);
  }

  async function start(): Promise<void> {
    const owner = { apiVersion: `${group}/${apiVersion}`, kind: 'Update', name, uid };
    const { template, timeoutMs } = check ?? { template: {}, timeoutMs: 0 };
    const deadlineSeconds = Math.ceil(timeoutMs / 1_000);
    const env = { HEADGATE_APP: work.update.spec.app, HEADGATE_VERSION: version };
    await context.jobs.start(
      { ...job, purpose: 'data-version', template, env, owner, deadlineSeconds, retries: 0, serviceAccount: undefined },
      signal,
    );
  }

  /** After a while it is read anew: somebody may have migrated the data, or let go of the volume. */
  async function refuse(message: string): Promise<Waiting> {
    const said = work.journal.waiting;
    const now = context.clock.now();
    const retryAt = said?.message === message && said.until ? said.until : new Date(now.getTime() + retryMs);
    if (now < retryAt) {
      return { reason: 'Preflight', message, until: retryAt };
    }
    await context.jobs.delete(job, signal);
    return { reason: 'Preflight', message: reading, until: new Date(now.getTime() + 5_000) };
  }
}
