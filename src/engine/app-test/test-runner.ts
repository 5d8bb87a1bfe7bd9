/** Attempts of tests, whatever their kind. A pass begins one or finds it, and returns: no worker is held while it goes on. */
import type { Outcome, Probe, ProbeKind, RunnableTest } from '../../core/app-test/app-test.ts';
import type { TemplateFields } from '../../core/app-test/judge-http.ts';
import { testFields } from '../../core/app-test/test-fields.ts';
import type { TestRecord } from '../../core/app-test/test-record.ts';
import { changesOf } from '../../resources/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';

export interface TestAttempt<P extends Probe = Probe> {
  readonly work: Work;
  readonly test: RunnableTest;
  readonly probe: P;
  readonly record: TestRecord;
}

export type Attempted =
  | { readonly kind: 'Ended'; readonly outcome: Outcome }
  /** It goes on outside under this name, which has to be written down. */
  | { readonly kind: 'Begun'; readonly id: string }
  /**
   * It goes on by itself and wakes the Update at its end.
   *
   * @property until when it is to be looked at again at the latest; undefined: when it wakes
   */
  | { readonly kind: 'UnderWay'; readonly message: string; readonly until: Date | undefined };

/** How one kind of test is attempted. */
export interface Prober<P extends Probe = Probe> {
  /**
   * Begins the attempt that the record is up to, or looks at it. May be repeated: the process can die before the journal is written.
   *
   * @throws errors of the API server that pass
   */
  attempt(attempt: TestAttempt<P>, signal: AbortSignal): Promise<Attempted>;
  /** The Update has ended or is gone: what goes on for it is let go. */
  release(update: { readonly namespace: string; readonly name: string }): void;
}

/** One for each kind of test; wired in app/. */
export type Probers = { readonly [K in ProbeKind]: Prober<Extract<Probe, { kind: K }>> };

/** What `{{fields}}` stand for. */
export function fieldsOf({ update }: Work): TemplateFields {
  const { namespace, name } = update.metadata;
  return testFields({ namespace, app: update.spec.app, update: name }, changesOf(update.spec));
}

export function ended(kind: Outcome['kind'], message: string, logDigest?: string): Attempted {
  return { kind: 'Ended', outcome: { kind, message, logDigest } };
}
