/** Attempts of tests, whatever their kind. A pass begins one or finds it, and returns: no worker is held while it goes on. */
import type { Outcome, Probe, ProbeKind, RunnableTest } from '../../core/app-test/app-test.ts';
import type { TemplateFields } from '../../core/app-test/judge-http.ts';
import { testFields } from '../../core/app-test/test-fields.ts';
import type { TestRecord } from '../../core/app-test/test-record.ts';
import { stepStartedAt } from '../../core/update/journal.ts';
import type { VersionChange } from '../../core/update/version-change.ts';
import { changesOf } from '../../resources/update/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';

/** Whose tests they are: those of an Update, of a Channel over all of its Apps, or of a drill in the namespace that was made for it. */
export interface TestSubject {
  /** Jobs go with it, and it is woken when an attempt ends. */
  readonly owner: {
    readonly kind: 'Update' | 'Channel' | 'Namespace';
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  /** Where the Apps are: their Services, and where Jobs run. */
  readonly namespace: string;
  /** Where the Secrets are that tests name: with whoever wrote them. */
  readonly secretsIn: string;
  /** App or Channel, for those outside that are asked. */
  readonly app: string;
  readonly changes: readonly VersionChange[];
  /** What `{{fields}}` stand for. */
  readonly fields: TemplateFields;
  /** When the versions were put in place. */
  readonly appliedAt: Date;
  /** What was deployed, for tests that it brings along; undefined where several Apps are tested together. */
  readonly work: Work | undefined;
}

export interface TestAttempt<P extends Probe = Probe> {
  readonly subject: TestSubject;
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

export function subjectOf(work: Work): TestSubject {
  const { update, journal } = work;
  const { namespace, name, uid } = update.metadata;
  const { app } = update.spec;
  const changes = changesOf(update.spec);
  return {
    owner: { kind: 'Update', namespace, name, uid },
    ...{ app, namespace, secretsIn: namespace, changes, work },
    fields: testFields({ namespace, app, update: name }, changes),
    appliedAt: stepStartedAt(journal, 'Apply') ?? journal.startedAt,
  };
}

/** What the attempts of a test are counted within: a Channel makes the same test for one set after the other. */
export function countedFor({ owner, fields }: TestSubject): string {
  return owner.kind === 'Update' ? owner.uid : `${owner.uid}/${fields['update'] ?? ''}`;
}

export function ended(kind: Outcome['kind'], message: string, logDigest?: string): Attempted {
  return { kind: 'Ended', outcome: { kind, message, logDigest } };
}
