/** What metrics tell of each App: its one reason to wait, until when, and when it is looked at next. */
import { keyOf } from '../kube/objects.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export class AppGauges {
  readonly #metrics: Pick<Metrics, 'appWaiting' | 'appNextCheck' | 'gates'>;
  /** The reason told last; there are some forty, and to take away each of them at each pass would cost more than the pass. */
  readonly #reasons = new Map<string, string>();

  constructor(metrics: Pick<Metrics, 'appWaiting' | 'appNextCheck' | 'gates'>) {
    this.#metrics = metrics;
  }

  tell({ metadata, status }: AppObjectWire, nextCheckAt: Date | undefined): void {
    const labels = { namespace: metadata.namespace, app: metadata.name };
    const reason = status?.waiting?.reason ?? 'Unknown';
    const key = keyOf({ metadata });
    const before = this.#reasons.get(key);
    if (before !== reason) {
      this.#removeReason(labels, before);
      this.#metrics.appWaiting.set({ ...labels, reason }, 1);
      this.#reasons.set(key, reason);
    }
    const until = status?.waiting?.until;
    if (until === undefined) {
      this.#metrics.gates.appWaitingUntil.remove(labels);
    } else {
      this.#metrics.gates.appWaitingUntil.set(labels, Date.parse(until) / 1_000);
    }
    if (nextCheckAt) {
      this.#metrics.appNextCheck.set(labels, nextCheckAt.getTime() / 1_000);
    } else {
      this.#metrics.appNextCheck.remove(labels);
    }
  }

  /** The App is gone. */
  forget(key: string, { namespace, name }: { readonly namespace: string; readonly name: string }): void {
    const labels = { namespace, app: name };
    this.#removeReason(labels, this.#reasons.get(key));
    this.#metrics.appNextCheck.remove(labels);
    this.#metrics.gates.appWaitingUntil.remove(labels);
    this.#reasons.delete(key);
  }

  #removeReason(labels: { readonly namespace: string; readonly app: string }, reason: string | undefined): void {
    if (reason !== undefined) {
      this.#metrics.appWaiting.remove({ ...labels, reason });
    }
  }
}
