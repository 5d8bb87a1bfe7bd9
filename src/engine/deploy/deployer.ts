/**
 * How one kind of deploy looks at what is there, puts versions in place, and takes them back. The steps of an Update
 * (engine/update) are the same for all kinds; what a step does is a Deployer's. Every method may be repeated: the process
 * can die before the journal is written.
 */
import type { AppSpec, DeployKind } from '../../core/app/app.ts';
import type { DeployPlan } from '../../core/deploy/deploy-plan.ts';
import type { Health } from '../../core/health/health.ts';
import type { Fields } from '../../core/health/objects/fields.ts';
import type { Failure, Journal } from '../../core/update/journal.ts';
import type { Version, VersionChange } from '../../core/update/version-change.ts';
import type { Waiting } from '../../core/waiting.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { StandingObject, UpdateChanges } from './standing.ts';

/** One for each kind of deploy; wired in app/. */
export type Deployers = Readonly<Record<DeployKind, Deployer>>;

export interface Deployer {
  /**
   * What the App runs. Costs no request at rest: it answers from watched copies.
   *
   * @throws OperationError when it cannot be found out right now
   */
  survey(app: AppObjectWire, spec: AppSpec, signal: AbortSignal): Promise<Survey>;
  /**
   * What is to be set and what going back sets.
   *
   * @returns undefined when there is nothing left to do
   * @throws OperationError with retry `never` when it cannot be done: the Update fails with its message
   */
  plan(request: PlanRequest, signal: AbortSignal): Promise<DeployPlan | undefined>;
  /**
   * Asks the API server what it would say to the plan, by server-side dry run; absent where that cannot be asked. Changes nothing.
   *
   * @throws errors of the API server that pass
   */
  rehearse?(work: Work, plan: DeployPlan, signal: AbortSignal): Promise<Rehearsal>;
  /**
   * Puts the plan in place as far as it is not.
   *
   * @throws API_INVALID, API_REJECTED, API_FORBIDDEN when the API server refuses it: the Update goes back;
   *   UPDATE_CONFLICT when somebody else was faster: it is looked at again
   */
  apply(work: Work, signal: AbortSignal): Promise<Applied>;
  /** Takes back what this Update put in place and leaves alone what somebody else did; throws as `apply`. */
  restore(work: Work, signal: AbortSignal): Promise<Restored>;
  /** What would condemn or end the Update must come from the API server itself, not from a watched copy. */
  observe(work: Work, signal: AbortSignal): Promise<DeploySight>;
  /**
   * Tests that what is deployed brings along; absent where there is nothing of the kind.
   *
   * @throws errors of the API server that pass
   */
  test?(work: Work, run: DeployTestRun, signal: AbortSignal): Promise<DeployTest>;
  /**
   * What is to be done while no Update is under way; without requests at rest.
   *
   * @throws errors of the API server that pass
   */
  upkeep?(app: AppObjectWire, spec: AppSpec, signal: AbortSignal): Promise<Upkeep>;
  /**
   * The objects that stand, for people who look; absent where its workloads are all there is.
   *
   * @throws errors of the API server that pass
   */
  standing?(app: AppObjectWire, spec: AppSpec, signal: AbortSignal): Promise<readonly StandingObject[]>;
  /** What an Update changes, object by object; undefined where that is not known any more. Throws as `standing`. */
  changes?(update: UpdateObjectWire, signal: AbortSignal): Promise<UpdateChanges | undefined>;
  /** The App is being deleted: its objects go, where it says so. May be repeated until it is done. */
  dismantle?(
    app: AppObjectWire,
    spec: AppSpec | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly done: boolean; readonly message: string }>;
  /** The Update has ended or is gone: what was watched for it is let go. */
  release(update: { readonly namespace: string; readonly name: string }): void;
  /** The App is gone: what was watched for it is let go. */
  forget?(app: { readonly namespace: string; readonly name: string }): void;
}

export interface Rehearsal {
  /** What the API server would refuse, one sentence each. */
  readonly refusals: readonly string[];
  /** Workloads that would be made or changed, as they would be then. */
  readonly workloads: readonly Fields[];
}

export interface DeployTestRun {
  /** Counts the runs for one Update; each is made once. */
  readonly number: number;
  readonly timeoutMs: number;
}

export interface DeployTest {
  readonly kind: 'Passed' | 'Failed' | 'Running';
  readonly message: string;
}

export type Upkeep =
  | { readonly kind: 'Quiet' }
  /** Somebody changed what was applied, and it stays so. */
  | { readonly kind: 'Drifted'; readonly message: string }
  | { readonly kind: 'Corrected'; readonly message: string };

/** What an App runs, as far as its deploy tells. */
export interface Survey {
  /** The distinct versions that run of each source, by its name; none where nothing of it runs. */
  readonly versions: ReadonlyMap<string, readonly Version[]>;
  /** One sentence each, naming field, value and remedy. Non-empty: the App must not be touched. */
  readonly problems: readonly string[];
  /** What another App looks after already, as a sentence. */
  readonly conflict?: string | undefined;
  /** Another text whenever the sources are to be asked anew. */
  readonly basis: string;
  /** `Kind/name` of what is looked after, for people. */
  readonly objects: readonly string[];
  /** Workloads that run images of the sources. */
  readonly workloads: readonly Workload[];
  /** What is wanted besides versions and is not in place: other values, other settings. Its source is `.spec`. */
  readonly pending?: VersionChange | undefined;
  /** What there is to say beside versions while nothing is to be done, e.g. of changes that others made. */
  readonly notes?: readonly string[];
  /**
   * Every object that the App looks after, as it is now, for conditions over them; absent: its workloads are all. Those that are gone are left out.
   *
   * @throws errors of the API server, OBJECT_INVALID when there are too many
   */
  readObjects?(signal: AbortSignal): Promise<readonly Fields[]>;
  /** Whether all of it is well as far as watched copies tell. */
  isHealthy(): boolean;
  /** @throws UPDATE_CONFLICT when the cluster is not as surveyed: a copy that was behind must not start an Update */
  confirm(signal: AbortSignal): Promise<void>;
}

export interface PlanRequest {
  readonly update: UpdateObjectWire;
  /** Undefined for a rollback of an App that cannot be read any more. */
  readonly spec: AppSpec | undefined;
  /** For a rollback: what another Update recorded, and which of its sides is to come back. */
  readonly record?:
    | { readonly update: string; readonly plan: DeployPlan; readonly state: 'Before' | 'After' }
    | undefined;
  /** Plan of the Update that this one supersedes, because its versions never proved themselves. */
  readonly superseded?: DeployPlan | undefined;
}

/** An Update whose plan is written. */
export interface Work {
  readonly update: UpdateObjectWire;
  readonly journal: Journal;
  /** Undefined when the App is gone or was made unreadable while the Update runs. */
  readonly spec: AppSpec | undefined;
}

export type Applied =
  /** @property message what there is to say of it, for the record */
  | { readonly kind: 'Done'; readonly message?: string; readonly plan?: DeployPlan }
  /** It goes on later, by itself or when something changes; no worker is held. */
  | { readonly kind: 'Waiting'; readonly waiting: Waiting; readonly plan?: DeployPlan }
  | { readonly kind: 'Failed'; readonly failure: Failure }
  /** It is given up before the cluster has shown anything of it. */
  | { readonly kind: 'Ended'; readonly phase: 'Superseded' | 'Cancelled'; readonly message: string };

export type Restored =
  | { readonly kind: 'Done'; readonly message?: string; readonly plan?: DeployPlan }
  | { readonly kind: 'Waiting'; readonly waiting: Waiting; readonly plan?: DeployPlan }
  /** There is nothing to go back to: a person has to choose. */
  | { readonly kind: 'NoWay'; readonly message: string };

/** What the cluster shows of a plan in the phase that the journal is in. */
export interface DeploySight {
  readonly health: Health;
  /** What somebody else changed: neither what was before nor what this Update sets. */
  readonly contested: readonly string[];
  /** What is gone or was made anew. */
  readonly gone: readonly string[];
  /** What had gone back and carries this Update's version again; only while a rollback is verified. */
  readonly reapplied: readonly string[];
  /** Removes what stands in the way of a rollout that is waited for. */
  readonly clearWay?: ((signal: AbortSignal) => Promise<void>) | undefined;
}
