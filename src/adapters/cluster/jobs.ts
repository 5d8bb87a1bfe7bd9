/** Fulfils the engine's Jobs with the Kubernetes API. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import { type Fields, fieldAt, isFields, textAt } from '../../core/health/objects/fields.ts';
import { clipMessage } from '../../core/text.ts';
import type { JobKey, JobOutcome, JobRequest, Jobs } from '../../engine/ports/jobs.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import { type KubeObject, keyOf } from '../../kube/objects.ts';
import { jobs, pods } from '../../kube/resource-types.ts';
import { isOwnedBy, type JobObject, makeJob, readJob } from './job-object.ts';
import { untilAborted } from './until-aborted.ts';

export interface ClusterJobsOptions {
  readonly client: KubeClient;
  readonly clock: Pick<Clock, 'now'>;
  /** A Job that is looked at for this watcher has changed. */
  readonly onChange: (watcher: string) => void;
  readonly onError: (error: OperationError) => void;
  /** Ends the watches that are still open. */
  readonly signal: AbortSignal;
}

interface JobWatch {
  readonly abort: AbortController;
  readonly informer: Informer<JobObject>;
}

/** Of one container's log; what it says at its end is what matters. */
const tailLines = 20;
const longestLog = 4_096;

export class ClusterJobs implements Jobs {
  readonly #options: ClusterJobsOptions;
  /** watcher -> Job -> watch. */
  readonly #watches = new Map<string, Map<string, JobWatch>>();

  constructor(options: ClusterJobsOptions) {
    this.#options = options;
  }

  async start(request: JobRequest, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const { namespace, name, serviceAccount } = request;
    const acting =
      serviceAccount === undefined ? client : client.actAs(`system:serviceaccount:${namespace}:${serviceAccount}`);
    try {
      await acting.create<JobObject>(jobs, makeJob(request), { signal });
    } catch (error) {
      const existing = isOperationError(error, 'API_CONFLICT')
        ? await client.find<JobObject>(jobs, { namespace, name }, { signal })
        : undefined;
      if (existing === undefined) {
        throw error;
      }
      if (!isOwnedBy(existing, request)) {
        throw new OperationError(`start Job ${namespace}/${name}: one of that name is there and is not ours`, {
          code: 'UPDATE_CONFLICT',
          retry: 'backoff',
          cause: error,
        });
      }
    }
  }

  async look(watcher: string, job: JobKey, signal: AbortSignal): Promise<JobOutcome> {
    const { informer } = this.#watch(watcher, job);
    await untilAborted(informer.synced, signal);
    const watched = informer.store.get(keyOf({ metadata: job }));
    const seen = watched && readJob(watched);
    if (seen?.kind === 'Running' && seen.until > this.#options.clock.now()) {
      return seen;
    }
    return await this.#read(watcher, job, signal);
  }

  async delete(job: JobKey, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.client.delete(jobs, job, { propagation: 'Background', signal });
    } catch (error) {
      if (!isOperationError(error, 'API_NOT_FOUND')) {
        throw error;
      }
    }
  }

  unwatch(watcher: string): void {
    for (const { abort } of this.#watches.get(watcher)?.values() ?? []) {
      abort.abort();
    }
    this.#watches.delete(watcher);
  }

  async #read(watcher: string, job: JobKey, signal: AbortSignal): Promise<JobOutcome> {
    const { client, clock } = this.#options;
    const object = await client.find<JobObject>(jobs, job, { signal });
    const outcome: JobOutcome = object ? readJob(object) : { kind: 'Gone' };
    if (outcome.kind === 'Running' && outcome.until > clock.now()) {
      return outcome;
    }
    this.#drop(watcher, job);
    const told = await this.#lastWords(job, outcome.kind !== 'Succeeded', signal);
    switch (outcome.kind) {
      case 'Gone':
        return outcome;
      case 'Running':
        return { kind: 'TimedOut', message: 'its time is long up, and nobody has ended it', log: told.log };
      case 'Succeeded':
        return { ...outcome, message: told.message };
      case 'Failed':
        return { ...outcome, log: told.log, exitCode: told.exitCode, said: told.message };
      case 'TimedOut':
        return { ...outcome, log: told.log };
    }
  }

  /** What the newest pod said at its end. Its log may be gone with it, and is no reason to fail. */
  async #lastWords({ namespace, name }: JobKey, withLog: boolean, signal: AbortSignal) {
    const { client } = this.#options;
    const labelSelector = `batch.kubernetes.io/job-name=${name}`;
    try {
      const { items } = await client.list<KubeObject>(pods, { namespace, labelSelector, signal });
      const pod = items.toSorted((one, other) => createdAt(other) - createdAt(one))[0];
      const { container, message, exitCode } = pod ? lastContainer({ ...pod }) : noContainer;
      const log = pod && container && withLog ? await this.#readLog(pod, container, signal) : '';
      return { message: clipMessage(message), log, exitCode };
    } catch (error) {
      if (isOperationError(error) && error.retry === 'never') {
        return { message: '', log: `(its log could not be read: ${error.message})`, exitCode: undefined };
      }
      throw error;
    }
  }

  async #readLog({ metadata }: KubeObject, container: string, signal: AbortSignal): Promise<string> {
    const { namespace = '', name } = metadata;
    try {
      const answer = await this.#options.client.request({
        what: `read the log of Pod ${namespace}/${name}`,
        method: 'GET',
        path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
        query: { container, tailLines, limitBytes: 16 * longestLog },
        accept: '*/*',
        signal,
      });
      return String(answer ?? '')
        .trim()
        .slice(-longestLog);
    } catch (error) {
      if (isOperationError(error)) {
        return `(its log could not be read: ${error.message})`;
      }
      throw error;
    }
  }

  #watch(watcher: string, job: JobKey): JobWatch {
    const key = keyOf({ metadata: job });
    const watches = this.#watches.get(watcher) ?? new Map<string, JobWatch>();
    this.#watches.set(watcher, watches);
    const watch = watches.get(key) ?? this.#start(watcher, job);
    watches.set(key, watch);
    return watch;
  }

  #start(watcher: string, { namespace, name }: JobKey): JobWatch {
    const { client, onChange, onError, signal } = this.#options;
    const abort = new AbortController();
    const informer = startInformer<JobObject>({
      client,
      type: jobs,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      onChange: () => onChange(watcher),
      onError,
      signal: AbortSignal.any([abort.signal, signal]),
    });
    return { abort, informer };
  }

  #drop(watcher: string, job: JobKey): void {
    const watches = this.#watches.get(watcher);
    watches?.get(keyOf({ metadata: job }))?.abort.abort();
    watches?.delete(keyOf({ metadata: job }));
  }
}

function createdAt({ metadata }: KubeObject): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}

interface LastContainer {
  readonly container: string | undefined;
  readonly message: string;
  readonly exitCode: number | undefined;
}

const noContainer: LastContainer = { container: undefined, message: '', exitCode: undefined };

/** The container that failed, else the last one, and its termination message. */
function lastContainer(pod: Fields): LastContainer {
  const statuses = ['status.initContainerStatuses', 'status.containerStatuses'].flatMap((path) => {
    const list = fieldAt(pod, path);
    return Array.isArray(list) ? list.filter(isFields) : [];
  });
  const exitCode = (one: Fields) => fieldAt(one, 'state.terminated.exitCode');
  const found = statuses.find((one) => (exitCode(one) ?? 0) !== 0) ?? statuses.at(-1);
  if (!found) {
    return noContainer;
  }
  const code = exitCode(found);
  return {
    container: textAt(found, 'name', ''),
    message: textAt(found, 'state.terminated.message', ''),
    exitCode: typeof code === 'number' ? code : undefined,
  };
}
