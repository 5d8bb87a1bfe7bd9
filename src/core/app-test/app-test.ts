/** What is tried on a new version once it is healthy, decoded and checked; the wire form is resources/app-tests.ts. */
import type { Expression } from '../expression/parse.ts';
import type { FieldPath } from '../field-path.ts';
import type { Fields } from '../health/objects/fields.ts';
import type { HttpProbe } from './http-probe.ts';

export interface AppTest {
  readonly name: string;
  readonly pace: TestPace;
  readonly probe: Probe | AnalysisReference;
}

/** One whose attempts can be made. */
export interface RunnableTest extends AppTest {
  readonly probe: Probe;
}

/** What is done in one attempt. */
export type Probe = HttpProbe | JobProbe | HelmProbe | WebhookProbe | MetricProbe | WebProbe | RefusedProbe;

export type ProbeKind = Probe['kind'];

/** A Job of the user's; its exit code is the outcome. */
export interface JobProbe {
  readonly kind: 'Job';
  /** As `spec.jobTemplate` of a CronJob. */
  readonly template: Fields;
  readonly timeoutMs: number;
  readonly serviceAccount: string | undefined;
  /** Of the container that failed: it could not tell. */
  readonly inconclusiveExitCode: number | undefined;
}

/** `helm test` of the release. */
export interface HelmProbe {
  readonly kind: 'Helm';
  readonly timeoutMs: number;
}

/** Somebody else tests, a CI, and says what it came to. */
export interface WebhookProbe {
  readonly kind: 'Webhook';
  readonly url: string;
  /** Where the outcome is asked for; undefined: it is sent to us. */
  readonly poll: { readonly url: string; readonly everyMs: number } | undefined;
  /** Secret of the App's namespace, whose `token` both sides sign with. */
  readonly secret: string;
}

export interface MetricProbe {
  readonly kind: 'Metric';
  readonly prometheus: { readonly url: string; readonly secret: string | undefined };
  readonly query: string;
  readonly rule: MetricRule;
}

export type MetricRule = MetricLimits | Conditions;

/** Bounds of the one value that the query gives. */
export interface MetricLimits {
  readonly kind: 'Limits';
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** Against the value of the same query before the version was put in place. */
  readonly baseline:
    | {
        /** How long before. */
        readonly offsetMs: number;
        readonly maxIncrease: Allowance | undefined;
        readonly maxDecrease: Allowance | undefined;
      }
    | undefined;
}

/** So much, or so much of what it was. */
export type Allowance =
  | { readonly kind: 'Absolute'; readonly value: number }
  | { readonly kind: 'Percent'; readonly percent: number };

/** Those of Argo Rollouts: with both, what neither says is inconclusive. */
export interface Conditions {
  readonly kind: 'Conditions';
  readonly success: Expression | undefined;
  readonly failure: Expression | undefined;
}

/** A value of the JSON at a URL, judged by conditions: provider `web` of Argo Rollouts. */
export interface WebProbe {
  readonly kind: 'Web';
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string | undefined;
  readonly timeoutMs: number;
  /** Undefined: the whole answer. */
  readonly path: FieldPath | undefined;
  readonly conditions: Conditions;
}

/** What cannot be tried as it is written; a person has to look. */
export interface RefusedProbe {
  readonly kind: 'Refused';
  readonly because: string;
}

/** Tests that an AnalysisTemplate of Argo Rollouts describes, one for each of its metrics. */
export interface AnalysisReference {
  readonly kind: 'Analysis';
  readonly template: string;
  readonly clusterScope: boolean;
  /** Values may hold `{{fields}}`. */
  readonly arguments: readonly { readonly name: string; readonly value: string }[];
}

/** How often a test is attempted, and what its attempts come to. */
export interface TestPace {
  /** From its start to its verdict, over all attempts. */
  readonly timeoutMs: number;
  /** Between the end of one attempt and the start of the next. */
  readonly intervalMs: number;
  readonly initialDelayMs: number;
  /** Attempts that have to pass, or that have to be made. */
  readonly count: number;
  /** Of which attempts there have to be so many: those that pass, or, as Argo Rollouts has it, all that could tell or not. */
  readonly counts: 'Passes' | 'All';
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
