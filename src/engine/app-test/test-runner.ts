/** Attempts of tests, whatever their kind. A pass begins one or finds it, and returns: no worker is held while it goes on. */
import type { AppTest, Outcome, ProbeKind } from '../../core/app-test/app-test.ts';
import type { TestRecord } from '../../core/app-test/test-record.ts';
import type { Work } from '../deploy/deployer.ts';

export interface TestAttempt {
  readonly work: Work;
  readonly test: AppTest;
  readonly record: TestRecord;
}

export type Attempted =
  | { readonly kind: 'Ended'; readonly outcome: Outcome }
  /** It goes on by itself and wakes the Update at its end. */
  | { readonly kind: 'UnderWay'; readonly message: string };

/** How one kind of test is attempted. */
export interface Prober {
  /**
   * Begins the attempt that the record is up to, or looks at it. May be repeated: the process can die before the journal is written.
   *
   * @throws errors of the API server that pass
   */
  attempt(attempt: TestAttempt, signal: AbortSignal): Promise<Attempted>;
  /** The Update has ended or is gone: what goes on for it is let go. */
  release(update: { readonly namespace: string; readonly name: string }): void;
}

/** One for each kind of test; wired in app/. */
export type Probers = Readonly<Record<ProbeKind, Prober>>;
