/** What is tried on a new version once it is healthy, decoded and checked; the wire form is resources/app-tests.ts. */
import type { HttpProbe } from './http-probe.ts';

export interface AppTest {
  readonly name: string;
  readonly pace: TestPace;
  readonly probe: Probe;
}

/** What is done in one attempt. */
export type Probe = HttpProbe;

export type ProbeKind = Probe['kind'];

/** How often a test is attempted, and what its attempts come to. */
export interface TestPace {
  /** From its start to its verdict, over all attempts. */
  readonly timeoutMs: number;
  /** Between the end of one attempt and the start of the next. */
  readonly intervalMs: number;
  readonly initialDelayMs: number;
  /** Attempts that have to pass. */
  readonly count: number;
  /** Attempts that may fail; one more and the version is bad. */
  readonly failureLimit: number;
  /** Attempts that may be inconclusive; one more and a person is asked. */
  readonly inconclusiveLimit: number;
  /** Whether time running out speaks against the version, or only leaves the question open. */
  readonly late: 'Fail' | 'Inconclusive';
}

/** What one attempt came to. */
export interface Outcome {
  /** `Error`: it could not be tried, which says nothing about the version; it is tried again until time is up. */
  readonly kind: 'Pass' | 'Fail' | 'Inconclusive' | 'Error';
  /** For people, never with a secret. */
  readonly message: string;
  /** Of what the test wrote or was answered. */
  readonly logDigest?: string | undefined;
}
