/** When Waybills are applied: at their interval, when a commit touches their folder, and when somebody asks. */
import { describeError, isOperationError } from '../../core/errors.ts';
import { dueRun, touches, type Waybill, type WaybillRun } from '../../core/kube-applier/waybill.ts';
import { runWaybill, type WaybillContext } from '../../engine/kube-applier/run-waybill.ts';
import type { ManifestRepository } from '../../engine/ports/manifest-repository.ts';
import { type Clock, sleep } from '../../kube/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { WaybillMetrics } from '../../telemetry/waybill-metrics.ts';

export interface WaybillLoopOptions extends WaybillContext {
  readonly repository: ManifestRepository;
  readonly pollIntervalMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: WaybillMetrics;
}

export class WaybillLoop {
  readonly #options: WaybillLoopOptions;
  readonly #forced = new Set<string>();
  /** Commit up to which a Waybill's folder is known to be untouched since its last run. */
  readonly #untouchedAt = new Map<string, string>();
  #asked = new AbortController();

  constructor(options: WaybillLoopOptions) {
    this.#options = options;
  }

  list(): readonly Waybill[] {
    return this.#options.waybills.list();
  }

  /** False when the namespace has no Waybill. */
  force(namespace: string): boolean {
    const found = this.list().filter((waybill) => waybill.namespace === namespace);
    for (const waybill of found) {
      this.#forced.add(waybill.uid);
    }
    this.#asked.abort();
    return found.length > 0;
  }

  /** Ends with the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, pollIntervalMs, log, metrics } = this.#options;
    while (!signal.aborted) {
      this.#asked = new AbortController();
      try {
        metrics.observe(this.list());
        await this.#pass(signal);
      } catch (error) {
        if (!signal.aborted && (!isOperationError(error) || error.code === 'INVARIANT')) {
          throw error;
        }
        log.warn('pass over the Waybills ended early and is made again', { error: describeError(error) });
      }
      await sleep(clock, pollIntervalMs, AbortSignal.any([signal, this.#asked.signal]));
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { clock, repository } = this.#options;
    const head = (await repository.headCommit(signal)) ?? '';
    for (const waybill of this.list()) {
      signal.throwIfAborted();
      const isForced = this.#forced.has(waybill.uid);
      const isChanged = await this.#isChanged(waybill, head, signal);
      const type = dueRun(waybill, { isForced, isChanged }, clock.now());
      if (type !== undefined) {
        this.#forced.delete(waybill.uid);
        const limit = AbortSignal.timeout(waybill.runTimeoutMs);
        const run = await runWaybill(this.#options, { waybill, type, commit: head, limit }, signal);
        this.#untouchedAt.set(waybill.uid, head);
        this.#tell(waybill, run);
      }
    }
  }

  /** Asks git once for each new commit. */
  async #isChanged({ uid, path, lastRun }: Waybill, head: string, signal: AbortSignal): Promise<boolean> {
    if (lastRun === undefined || head === '' || lastRun.commit === head || this.#untouchedAt.get(uid) === head) {
      return false;
    }
    const changed =
      lastRun.commit === '' ? undefined : await this.#options.repository.changedFiles(lastRun.commit, head, signal);
    const isChanged = changed === undefined || touches({ path }, changed);
    if (!isChanged) {
      this.#untouchedAt.set(uid, head);
    }
    return isChanged;
  }

  #tell(waybill: Waybill, run: WaybillRun): void {
    const { log, metrics } = this.#options;
    metrics.countRun(waybill, run);
    const fields = { waybill: `${waybill.namespace}/${waybill.name}`, type: run.type, commit: run.commit };
    if (run.success) {
      log.info('Waybill is applied', fields);
    } else {
      log.warn('Waybill is not applied as a whole', { ...fields, error: run.errorMessage });
    }
  }
}
