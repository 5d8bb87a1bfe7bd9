/**
 * What an App says of itself, and when that is written: not for each moment of an Update, whose own status tells these.
 *
 * While a pass of the Update is under way, what the App would say changes with each of its steps, and is told when the pass has ended.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AppCheck } from '../engine/check/app-check.ts';
import type { Records } from '../engine/ports/records.ts';
import type { Clock } from '../kube/clock.ts';
import { keyOf } from '../kube/objects.ts';
import { appStatusOf } from '../resources/app/app-status.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';

export interface AppWordsOptions {
  readonly records: Pick<Records, 'writeAppStatus'>;
  readonly clock: Clock;
  /** Whether a pass of the Update (`namespace/name`) is under way or about to be. */
  readonly isUpdateBusy: (update: string) => boolean;
  readonly wakeApp: (app: string) => void;
}

export interface Told {
  readonly app: AppObjectWire;
  /** It was not written; the App is to be looked at again after this. */
  readonly againMs?: number;
}

/** However long a pass of an Update takes, its App does not stay silent for longer. */
const longestSilenceMs = 5_000;

type Status = NonNullable<AppObjectWire['status']>;

interface Held {
  readonly update: string;
  readonly sinceMs: number;
}

export class AppWords {
  readonly #options: AppWordsOptions;
  /** Apps that have something to tell; each by its key. */
  readonly #held = new Map<string, Held>();
  /** Update -> the App that waits for its pass to end. */
  readonly #waiting = new Map<string, string>();

  constructor(options: AppWordsOptions) {
    this.#options = options;
  }

  /** A pass of the Update has ended. */
  onUpdatePaused(update: string): void {
    const app = this.#waiting.get(update);
    if (app !== undefined) {
      this.#options.wakeApp(app);
    }
  }

  /** The App is gone, or was told. */
  forget(app: string): void {
    const held = this.#held.get(app);
    this.#held.delete(app);
    this.#waiting.delete(held?.update ?? '');
  }

  /** Writes what is new, at once. @throws API_CONFLICT when somebody else wrote the App since it was read */
  async tell(app: AppObjectWire, check: AppCheck, signal: AbortSignal): Promise<AppObjectWire> {
    return await this.#write(app, this.#statusOf(app, check), signal);
  }

  /**
   * Writes what is new, later where the Update is busy.
   *
   * @param isJustStarted the Update was made in this pass, and its own first pass is about to begin
   */
  async tellInTime(
    app: AppObjectWire,
    check: AppCheck & { readonly isJustStarted?: boolean },
    signal: AbortSignal,
  ): Promise<Told> {
    const status = this.#statusOf(app, check);
    const update = `${app.metadata.namespace}/${check.update ?? ''}`;
    const isBusy = check.isJustStarted === true || this.#options.isUpdateBusy(update);
    if (check.state.kind === 'Updating' && isBusy) {
      const againMs = this.#hold(keyOf(app), update);
      return againMs > 0 ? { app, againMs } : { app: await this.#write(app, status, signal) };
    }
    this.forget(keyOf(app));
    return { app: await this.#write(app, status, signal) };
  }

  /** @returns for how long the App may still be silent */
  #hold(app: string, update: string): number {
    const nowMs = this.#options.clock.monotonicMs();
    const before = this.#held.get(app);
    const sinceMs = before?.update === update ? before.sinceMs : nowMs;
    this.forget(app);
    this.#held.set(app, { update, sinceMs });
    this.#waiting.set(update, app);
    return sinceMs + longestSilenceMs - nowMs;
  }

  #statusOf(app: AppObjectWire, check: AppCheck): Status {
    return appStatusOf(app, { ...check, workloads: check.survey?.objects ?? [] }, this.#options.clock.now());
  }

  async #write(app: AppObjectWire, status: Status, signal: AbortSignal): Promise<AppObjectWire> {
    return isDeepStrictEqual(app.status, status) || saysEnough(app, status)
      ? app
      : await this.#options.records.writeAppStatus(app, status, signal);
  }
}

/**
 * While an Update of many objects is under way, each of them would change what the App says of itself. Only what the Update itself asks
 * of the App is written then: which version is available.
 */
function saysEnough({ spec, status }: AppObjectWire, next: Status): boolean {
  const isUnderWay = [status, next].every((one) => one?.waiting?.reason === 'UpdateInProgress');
  return (
    spec.deploy.manifests !== undefined && isUnderWay && status?.update === next.update && !hasNewOffer(status, next)
  );
}

function hasNewOffer(status: Status | undefined, next: Status): boolean {
  const known = offersOf(status);
  return offersOf(next).some((offer) => !known.some((one) => isDeepStrictEqual(one, offer)));
}

function offersOf(status: Status | undefined): readonly unknown[] {
  return (status?.sources ?? []).flatMap(({ name, available }) => (available ? [[name, available]] : []));
}
