/** When `headgate apply` looks, runs, and tells of it. */
import { describeError, isOperationError } from '../../core/errors.ts';
import { type ApplierRun, isSuccess } from '../../core/kube-applier/applier-run.ts';
import type { Applier } from '../../engine/kube-applier/applier.ts';
import { type Clock, sleep } from '../../kube/clock.ts';
import type { ApplierPageOptions } from '../../server/applier-page.ts';
import type { ApplierMetrics } from '../../telemetry/applier-metrics.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { ApplierSettings } from './applier-settings.ts';

export interface ApplierLoopOptions {
  readonly applier: Applier;
  readonly settings: ApplierSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ApplierMetrics;
}

/** Runs that the status page shows. */
const mostRuns = 10;

export class ApplierLoop {
  readonly #options: ApplierLoopOptions;
  readonly #runs: ApplierRun[] = [];
  #trouble: string | undefined;
  #asked = new AbortController();

  constructor(options: ApplierLoopOptions) {
    this.#options = options;
  }

  /** What the status page shows, and its button. */
  get view(): Pick<ApplierPageOptions, 'runs' | 'trouble' | 'askForFullRun'> {
    return {
      runs: () => this.#runs,
      trouble: () => this.#trouble,
      askForFullRun: () => {
        this.#options.applier.askForFullRun();
        this.#asked.abort();
      },
    };
  }

  /** Ends with the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { applier, clock, settings } = this.#options;
    let fullRunAtMs = clock.monotonicMs() + settings.fullRunIntervalMs;
    while (!signal.aborted) {
      // What is asked for from here on is for the next run.
      this.#asked = new AbortController();
      if (clock.monotonicMs() >= fullRunAtMs) {
        applier.askForFullRun();
        fullRunAtMs = clock.monotonicMs() + settings.fullRunIntervalMs;
      }
      await this.#attempt(signal);
      await sleep(clock, settings.pollIntervalMs, AbortSignal.any([signal, this.#asked.signal]));
    }
  }

  /** A repository that is being replaced, or a cluster that is away, is tried again at the next look. */
  async #attempt(signal: AbortSignal): Promise<void> {
    const { applier, log } = this.#options;
    try {
      await applier.look(signal);
      const run = await applier.run(signal);
      this.#trouble = undefined;
      if (run) {
        this.#tell(run);
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (!isOperationError(error) || error.code === 'INVARIANT') {
        throw error;
      }
      this.#trouble = describeError(error);
      log.warn('run could not be made and is tried again', { error: this.#trouble });
    }
  }

  #tell(run: ApplierRun): void {
    const { settings, log, metrics } = this.#options;
    this.#runs.unshift(run);
    this.#runs.length = Math.min(this.#runs.length, mostRuns);
    const { type, commit, files } = run;
    const success = isSuccess(run);
    const seconds = (run.finishedAt.getTime() - run.startedAt.getTime()) / 1_000;
    metrics.countRun(type, success, seconds);
    for (const file of files) {
      metrics.countFile(`${settings.repositoryPath}/${file.path}`, file.success);
      if (!file.success) {
        log.warn('file was not applied', { file: file.path, output: file.output });
      }
    }
    log.info('run ended', { type, commit, files: files.length, success, seconds });
  }
}
