/** Fulfils the engine's HelmOperations: what Helm does takes as long as a hook takes, and no pass over an Update waits for it. */
import { isOperationError } from '../../core/errors.ts';
import type {
  HelmOperation,
  HelmOperations,
  HelmResult,
  OperationId,
  OperationState,
  ReleaseKey,
} from '../../engine/ports/helm.ts';
import type { Turns } from './turns.ts';

export interface HelmOperationsOptions {
  readonly run: (release: ReleaseKey, operation: HelmOperation, signal: AbortSignal) => Promise<HelmResult>;
  /** Keeps what Helm said. @returns where, for people; undefined when it could not be kept */
  readonly keepLog: (id: OperationId, log: string) => Promise<string | undefined>;
  /** An operation ended after nobody waited for it any more. */
  readonly onEnd: (update: OperationId['update']) => void;
  readonly now: () => Date;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Shared with whatever else runs Helm. */
  readonly turns: Turns;
  /** How long `run` waits for the end; most operations take a fraction of a second. */
  readonly patienceMs?: number;
}

interface Begun {
  readonly id: OperationId;
  readonly since: Date;
  readonly abort: AbortController;
  readonly ended: Promise<HelmResult>;
  result?: HelmResult;
}

const defaultPatienceMs = 2_000;

export class ProgramHelmOperations implements HelmOperations {
  readonly #options: HelmOperationsOptions;
  readonly #begun = new Map<string, Begun>();
  /** Also those that were forgotten. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor(options: HelmOperationsOptions) {
    this.#options = options;
  }

  async run(id: OperationId, operation: () => Promise<HelmOperation>, signal: AbortSignal): Promise<OperationState> {
    const begun = this.#begun.get(keyOf(id)) ?? this.#begin(id, await operation());
    await waitFor(begun.ended, this.#options.patienceMs ?? defaultPatienceMs, signal);
    return begun.result ?? { kind: 'Running', since: begun.since };
  }

  find(id: OperationId): OperationState | undefined {
    const begun = this.#begun.get(keyOf(id));
    return begun && (begun.result ?? { kind: 'Running', since: begun.since });
  }

  forget(update: OperationId['update']): void {
    for (const [key, { id, abort }] of this.#begun) {
      if (id.update.namespace === update.namespace && id.update.name === update.name) {
        abort.abort(new Error('the Update has ended'));
        this.#begun.delete(key);
      }
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #begin(id: OperationId, operation: HelmOperation): Begun {
    const { now, onEnd, signal } = this.#options;
    const abort = new AbortController();
    const ended = this.#run(id, operation, AbortSignal.any([abort.signal, signal]));
    const begun: Begun = { id, since: now(), abort, ended };
    this.#begun.set(keyOf(id), begun);
    const settled = ended.then((result) => {
      begun.result = result;
      this.#ending.delete(settled);
      onEnd(id.update);
    });
    this.#ending.add(settled);
    return begun;
  }

  async #run(id: OperationId, operation: HelmOperation, signal: AbortSignal): Promise<HelmResult> {
    try {
      const result = await this.#options.turns.take(() => this.#options.run(id.release, operation, signal));
      return await this.#withLog(id, result);
    } catch (error) {
      return resultOfError(error);
    }
  }

  async #withLog(id: OperationId, result: HelmResult): Promise<HelmResult> {
    if (result.kind === 'Interrupted' || result.log === '') {
      return result;
    }
    const keptIn = await this.#options.keepLog(id, result.log);
    return keptIn === undefined ? result : { ...result, keptIn };
  }
}

/** What is wrong with the chart is its fault; the rest says nothing about it. */
function resultOfError(error: unknown): HelmResult {
  const message = error instanceof Error ? error.message : String(error);
  const isOfChart = isOperationError(error, 'HELM_CHART_INVALID') || isOperationError(error, 'OBJECT_INVALID');
  return isOfChart ? { kind: 'Failed', message, log: '' } : { kind: 'Interrupted', message };
}

function keyOf({ release, update, step }: OperationId): string {
  return JSON.stringify([release.namespace, release.name, update.namespace, update.name, step]);
}

async function waitFor(ended: Promise<unknown>, patienceMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await Promise.race([ended, promise]);
  clearTimeout(timer);
  signal.throwIfAborted();
}
