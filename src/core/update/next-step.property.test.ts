/**
 * Model-based test of an Update: a small cluster in which anything may happen between two steps, and a controller that
 * does what nextStep says as the engine does it (engine/update and engine/deploy/workloads), or dies trying.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { share } from '../../../test/thorough.ts';
import type { Outcome as TestOutcome } from '../app-test/app-test.ts';
import { type TestRecord, withOutcome } from '../app-test/test-record.ts';
import type { WorkloadChange } from '../deploy/workloads-plan.ts';
import type { Health } from '../health/health.ts';
import { isFinal, type Journal, stepStartedAt } from './journal.ts';
import { nextStep, type Observation, type Step, type UpdateSettings } from './next-step.ts';
import * as transitions from './transitions.ts';

/** What the attempts of a test come to; the last one again and again. */
const testFates = {
  passes: ['Pass'],
  fails: ['Fail'],
  flaky: ['Fail', 'Error', 'Pass'],
  unclear: ['Inconclusive'],
  cannotBeMade: ['Error'],
} as const satisfies Readonly<Record<string, readonly TestOutcome['kind'][]>>;

const pace = {
  timeoutMs: 60_000,
  intervalMs: 5_000,
  initialDelayMs: 0,
  count: 1,
  counts: 'Passes',
  failureLimit: 1,
  inconclusiveLimit: 0,
  late: 'Fail',
} as const;

/** From the beginning of an attempt to its end. */
const attemptMs = 3_000;
const settings = { timeoutMs: 300_000, stableForMs: 30_000 };

/** `unproven` is what a superseded Update had set; `foreign` what somebody else sets. */
type Image = 'former' | 'unproven' | 'new' | 'foreign';

/** How an image behaves from the moment it was set. */
const fates = {
  good: (ageMs: number) => (ageMs < 5_000 ? starting : current),
  slow: (ageMs: number) => (ageMs < 280_000 ? starting : current),
  crashing: (ageMs: number) => (ageMs < 3_000 ? starting : crashed),
  neverReady: () => starting,
  relapsing: (ageMs: number) => (ageMs > 5_000 && ageMs < 25_000 ? current : starting),
  flapping: (ageMs: number) => (Math.floor(ageMs / 7_000) % 2 === 1 ? current : starting),
  /** Its image cannot be pulled, so that it never writes. */
  absent: () => unpulled,
} as const;

const starting: Health = { kind: 'InProgress', message: 'starting' };
const current: Health = { kind: 'Current' };
const unpulled: Health = { kind: 'Failed', reason: 'ImagePull', message: 'not found' };
const crashed: Health = { kind: 'Failed', reason: 'CrashLoop', message: 'crashed' };

const open = { kind: 'Open' } as const;
const shut = { kind: 'Shut', waiting: { reason: 'Veto', message: 'not now' } } as const;
const openWindow = { kind: 'Open', closesAt: undefined } as const;
const closedWindow = { kind: 'Closed', because: 'night is over', opensAt: undefined } as const;

interface World {
  /** The Update takes over from one that never proved itself. */
  readonly superseding: boolean;
  /** One container has the new version already. */
  readonly mixed: boolean;
  readonly newFate: keyof typeof fates;
  readonly formerFate: keyof typeof fates;
  readonly tests: readonly (keyof typeof testFates)[];
  readonly backup: 'none' | 'good' | 'fails';
  readonly scaleDown: boolean;
  readonly policy: UpdateSettings['data'];
  /** How many attempts to bring the data back fail. */
  readonly failingRestores: number;
  readonly agrees: boolean;
  readonly events: readonly Happening[];
}

/** How far a step comes; `refused`: the API server takes the first change and refuses the next. */
type Outcome = 'done' | 'notBegun' | 'diesHalfway' | 'diesBeforeJournal' | 'refused';

interface Cell {
  readonly workload: 'a' | 'b';
  readonly name: string;
  image: Image;
  setAtMs: number;
  touched: boolean;
}

interface Planned {
  readonly cell: Cell;
  readonly change: WorkloadChange['containers'][number];
}

class Cluster {
  readonly world: World;
  readonly asked: UpdateSettings;
  readonly cells: Cell[];
  readonly gone = new Set<string>();
  readonly rejected = new Set<string>();
  worldMs = Date.UTC(2026, 4, 4);
  /** How far the controller's clock is off; another replica may take over. */
  skewMs = 0;
  broken = false;
  appActive = true;
  newer = false;
  gateShut = false;
  obsolete = false;
  /** And what is under way is to be undone then. */
  windowClosed = false;
  rejectedByUpdate = false;
  formerRejectedByPerson = false;
  /** No look since the journal noted that all is healthy has shown anything else. */
  healthyThroughout = false;
  /** The attempt that this process makes, and when it began. */
  attempt: { readonly of: string; readonly startedMs: number } | undefined;
  /** What stands in the database: as before, or written to by the new version. */
  data: 'old' | 'new' = 'old';
  isStopped = false;
  restores = 0;
  failedRestores = 0;
  /** Somebody else, or a controller that was frozen, let the new version write when nobody could know. */
  wroteBehindBack = false;
  journal: Journal;
  /** A plan never changes once it is written: what it says of the cells is found once. */
  #pairedPlan: Journal['plan'];
  #pairs: readonly Planned[] = [];

  constructor(world: World) {
    this.world = world;
    this.asked = {
      ...settings,
      tests: world.tests.map((fate, index) => ({ name: `${fate} ${index}`, pace })),
      data: world.policy,
    };
    const image = world.superseding ? 'unproven' : 'former';
    this.cells = [
      { workload: 'a', name: 'one', image, setAtMs: 0, touched: false },
      { workload: 'a', name: 'two', image: world.mixed ? 'new' : image, setAtMs: 0, touched: false },
      { workload: 'b', name: 'three', image, setAtMs: 0, touched: false },
    ];
    this.journal = transitions.openJournal(this.now());
  }

  now(): Date {
    return new Date(this.worldMs + this.skewMs);
  }

  workloads(): readonly WorkloadChange[] {
    return this.journal.plan?.kind === 'Workloads' ? this.journal.plan.workloads : [];
  }

  /** The containers of the plan with what it says of them. */
  planned(): readonly Planned[] {
    const { plan } = this.journal;
    if (plan !== this.#pairedPlan) {
      this.#pairedPlan = plan;
      this.#pairs = this.workloads().flatMap(({ name, containers }) =>
        containers.flatMap((change) =>
          this.cells
            .filter((cell) => cell.workload === name && cell.name === change.container)
            .map((cell) => ({ cell, change })),
        ),
      );
    }
    return this.#pairs;
  }

  /** As engine/update/observe.ts. */
  look(): Observation {
    const { phase } = this.journal;
    const here = this.planned().filter(({ cell }) => !this.gone.has(cell.workload));
    const brought = here.filter(({ change }) => change.restore !== change.after);
    return {
      health: this.health(here),
      rejected: this.rejected.has('new'),
      formerRejected: this.rejected.has('former') || brought.some(({ change }) => this.rejected.has(change.restore)),
      newerAvailable: (phase === 'Watching' || phase === 'Pending') && this.newer ? 'newer' : undefined,
      contested: here.filter((one) => isContested(phase, one)).map(({ cell }) => cell.name),
      reapplied:
        phase === 'VerifyingRollback'
          ? brought.filter(({ change, cell }) => cell.image === change.after).map(({ cell }) => cell.name)
          : [],
      gone:
        this.gone.size === 0
          ? []
          : this.workloads()
              .map(({ name }) => name)
              .filter((name) => this.gone.has(name)),
      appActive: this.appActive,
      gate: this.gateShut ? shut : open,
      obsolete: this.obsolete ? 'something else runs' : undefined,
      window: this.windowClosed ? closedWindow : openWindow,
      // As engine/checkpoint/look-at-run.ts: of what is gone nobody knows.
      ran: this.journal.checkpoint?.state === 'Completed' && (this.isNewAtWork() || this.gone.size > 0),
    };
  }

  isNewAtWork(): boolean {
    const here = this.cells.filter(({ workload }) => !this.gone.has(workload));
    return !this.isStopped && this.world.newFate !== 'absent' && here.some(({ image }) => image === 'new');
  }

  health(cells: readonly Planned[]): Health {
    let worst: Health = this.broken ? starting : current;
    for (const { cell } of cells) {
      const fate = cell.image === 'new' ? this.world.newFate : this.world.formerFate;
      const part = fates[cell.image === 'foreign' ? 'good' : fate](this.worldMs - cell.setAtMs);
      if (part.kind === 'Failed') {
        return part;
      }
      worst = worst.kind === 'Current' ? part : worst;
    }
    return worst;
  }

  /** One decision and what becomes of it. Undefined when the Update has ended. */
  step(outcome: Outcome): Step | undefined {
    const seen = this.look();
    const step = nextStep(this.journal, seen, this.asked, this.now());
    if (step === undefined || outcome === 'notBegun') {
      return step;
    }
    if (step.kind === 'Wait') {
      this.checkWait(step);
    }
    const next = this.perform(step, seen, outcome);
    if (outcome === 'diesBeforeJournal' || outcome === 'diesHalfway') {
      this.attempt = undefined;
    }
    if (outcome !== 'diesBeforeJournal' && outcome !== 'diesHalfway' && next) {
      this.healthyThroughout =
        seen.health.kind === 'Current' && (this.healthyThroughout || step.kind === 'NoteHealthy');
      checkTests(this.journal.tests ?? [], next.tests ?? []);
      this.journal = next;
      checkRecord(next);
    }
    return step;
  }

  perform(step: Step, seen: Observation, outcome: Outcome): Journal | undefined {
    const { journal } = this;
    const now = this.now();
    const most = outcome === 'diesHalfway' || outcome === 'refused' ? 1 : this.cells.length;
    switch (step.kind) {
      case 'Plan':
        check(!this.gateShut && !this.obsolete, 'begins although a gate is shut, or for what is of no use');
        return this.plan();
      case 'Backup':
        return this.backUp();
      case 'Resume':
        this.isStopped = false;
        this.write();
        return transitions.resumed(journal);
      case 'NoteRan':
        return transitions.noted(journal, { ran: true });
      case 'DecideData':
        return transitions.noted(journal, {
          dataRestore: { state: step.state, update: 'web-1', message: step.message },
        });
      case 'RestoreData':
        return this.restoreData();
      case 'Apply':
        check(!this.windowClosed, 'applies outside its window');
        check(
          this.world.backup === 'none' || journal.checkpoint?.state === 'Completed',
          'applies without a checkpoint',
        );
        this.set(most, (change) => (change.before === change.image ? change.after : undefined));
        return outcome === 'refused'
          ? transitions.condemned(journal, { reason: 'RefusedByApiServer', message: 'no', blamesVersion: false }, now)
          : transitions.applied(journal, now);
      case 'Restore':
        return this.restore(most, outcome);
      case 'Condemn':
        return transitions.condemned(journal, step.failure, now);
      case 'NoteHealthy':
        return transitions.notedHealthy(journal, now);
      case 'NoteUnhealthy':
        return transitions.notedUnhealthy(journal);
      case 'BeginTests':
        return transitions.testsBegun(journal, now, step.message);
      case 'Relapse':
        return transitions.relapsed(journal, now, step.message);
      case 'NoteTest':
        return transitions.notedTest(journal, step.record);
      case 'Test':
        return this.tryTest(step.name);
      case 'Wait':
        return transitions.waitingFor(journal, step.waiting);
      case 'Finish':
        this.checkSuccess(step.phase, seen);
        if (journal.phase === 'RollingBack') {
          this.rejectIfToBlame();
        }
        return transitions.finished(journal, step.phase, step.message, now);
    }
  }

  /** As engine/app-test/try-test.ts: undefined while the attempt goes on. */
  tryTest(name: string): Journal | undefined {
    const record = this.journal.tests?.find((one) => one.name === name);
    check(record !== undefined && record.verdict === undefined, 'tries what is not noted, or has its verdict');
    if (record === undefined) {
      return undefined;
    }
    const of = `${name} ${record.attempts}`;
    this.attempt = this.attempt?.of === of ? this.attempt : { of, startedMs: this.worldMs };
    if (this.worldMs < this.attempt.startedMs + attemptMs) {
      return undefined;
    }
    const outcomes = Object.entries(testFates).find(([fate]) => name.startsWith(fate))?.[1] ?? [];
    const kind = outcomes[record.attempts] ?? outcomes.at(-1) ?? 'Error';
    return transitions.notedTest(this.journal, withOutcome(record, pace, { kind, message: kind }, this.now()));
  }

  plan(): Journal {
    const here = this.cells.filter((cell) => !this.gone.has(cell.workload));
    if (here.length === 0) {
      return transitions.finished(this.journal, 'Cancelled', 'nothing to change', this.now());
    }
    const workloads = (['a', 'b'] as const)
      .filter((name) => !this.gone.has(name))
      .map((name): WorkloadChange => {
        const containers = here
          .filter((cell) => cell.workload === name)
          .map(({ name: container, image }) => {
            const restore = image === 'unproven' ? 'former' : image;
            return { container, init: false, source: 'web', before: image, after: 'new', restore };
          });
        return { kind: 'Deployment', name, uid: name, reversible: true, containers };
      });
    for (const cell of this.cells) {
      cell.touched = false;
    }
    const next = this.world.backup === 'none' ? 'Apply' : 'Backup';
    return transitions.planned(this.journal, { kind: 'Workloads', workloads }, this.now(), { next });
  }

  /** As engine/checkpoint/take-checkpoint.ts. */
  backUp(): Journal {
    const { journal } = this;
    const { checkpoint } = journal;
    if (!checkpoint) {
      return transitions.noted(journal, {
        checkpoint: { id: 'web-1', kind: 'Job', state: 'Running', startedAt: this.now() },
      });
    }
    if (this.world.scaleDown && journal.stopped === undefined) {
      return transitions.noted(journal, { stopped: [] });
    }
    this.isStopped = journal.stopped !== undefined;
    if (this.world.backup === 'fails') {
      const failure = { reason: 'CheckpointFailed', message: 'disk full', blamesVersion: false } as const;
      return { ...transitions.noted(journal, { checkpoint: { ...checkpoint, state: 'Failed' } }), failure };
    }
    return transitions.backedUp(journal, { ...checkpoint, state: 'Completed' }, this.now());
  }

  /** As engine/checkpoint/restore-data.ts. */
  restoreData(): Journal {
    const { journal } = this;
    const { dataRestore } = journal;
    check(this.world.policy !== 'Never' && journal.checkpoint?.state === 'Completed', 'brings back what nobody kept');
    if (dataRestore === undefined) {
      throw new Error('brings back what nobody decided about');
    }
    if (dataRestore.state === 'Agreed') {
      return transitions.noted(journal, { dataRestore: { ...dataRestore, state: 'Running' } });
    }
    if (journal.stopped === undefined) {
      return transitions.noted(journal, { stopped: [] });
    }
    this.isStopped = true;
    if (this.failedRestores < this.world.failingRestores) {
      this.failedRestores += 1;
      const state = this.failedRestores < 3 ? 'Running' : 'Failed';
      return transitions.noted(journal, { dataRestore: { ...dataRestore, state, message: 'half there' } });
    }
    check(dataRestore.state !== 'Done', 'brings back what is back');
    this.restores += 1;
    this.data = 'old';
    return transitions.noted(journal, { dataRestore: { ...dataRestore, state: 'Done' } });
  }

  write(): void {
    if (this.isNewAtWork()) {
      this.data = 'new';
    }
  }

  /** A person answers whether the data goes back. */
  answer(agrees: boolean): void {
    const { dataRestore } = this.journal;
    if (dataRestore?.state === 'Asked') {
      const state = agrees ? 'Agreed' : 'NotNeeded';
      this.journal = transitions.noted(this.journal, { dataRestore: { ...dataRestore, state, by: 'ann' } });
    }
  }

  restore(most: number, outcome: Outcome): Journal | undefined {
    this.rejectIfToBlame();
    this.set(most, ({ before, after, image, restore }) => (image === after || image === before ? restore : undefined));
    if (outcome === 'diesHalfway' || outcome === 'refused') {
      return undefined;
    }
    return transitions.restored(this.journal, this.now());
  }

  rejectIfToBlame(): void {
    if (this.journal.failure?.blamesVersion === true) {
      this.rejected.add('new');
      this.rejectedByUpdate = true;
    }
  }

  /** A controller that was frozen in the middle of applying, and replaced, sends its last patch after the way back. */
  thaw(): void {
    const late = this.planned().find(
      ({ cell, change }) => cell.image === change.before && !this.gone.has(cell.workload),
    );
    if (this.journal.phase === 'VerifyingRollback' && late) {
      this.put(late.cell, 'new');
      this.wroteBehindBack = true;
    }
  }

  /** Sets at most so many containers, each to what `choose` answers. */
  set(
    most: number,
    choose: (change: { before: string; after: string; restore: string; image: string }) => string | undefined,
  ): void {
    let count = 0;
    for (const { cell, change } of this.planned()) {
      const image = this.gone.has(cell.workload) ? undefined : choose({ ...change, image: cell.image });
      if (image === undefined || image === cell.image || count === most) {
        continue;
      }
      check(!this.rejected.has(image), 'set to what is rejected');
      this.put(cell, image === 'new' || image === 'unproven' || image === 'foreign' ? image : 'former');
      count += 1;
    }
  }

  put(cell: Cell, image: Image): void {
    cell.image = image;
    cell.setAtMs = this.worldMs;
    this.write();
  }

  touch(name: string, image: Image): void {
    for (const cell of this.cells.filter((one) => one.name === name)) {
      this.put(cell, image);
      cell.touched = true;
      this.wroteBehindBack = true;
    }
  }

  checkWait({ waiting }: Extract<Step, { kind: 'Wait' }>): void {
    check(waiting.message !== '', 'waits without a message');
    check(waiting.until === undefined || waiting.until > this.now(), 'waits for what has passed');
  }

  checkSuccess(phase: string, seen: Observation): void {
    if (phase === 'Succeeded' || phase === 'Superseded') {
      check(seen.contested.length === 0 && seen.gone.length === 0, `${phase}, but not all is as it was set`);
      check(!seen.rejected && seen.health.kind !== 'Failed', `${phase}, but known to be bad`);
    }
    if (phase === 'Succeeded') {
      const since = this.journal.healthySince?.getTime() ?? Number.POSITIVE_INFINITY;
      check(seen.health.kind === 'Current' && this.healthyThroughout, 'succeeded without being healthy throughout');
      // By the clock of the controller that found it stable; one that takes over while it is tested may be behind.
      const foundStable = stepStartedAt(this.journal, 'Test')?.getTime() ?? 0;
      check(since + settings.stableForMs <= Math.max(foundStable, this.now().getTime()), 'succeeded too early');
      const good = (this.journal.tests ?? []).filter(
        ({ verdict, acceptedBy }) => verdict === 'Pass' || (verdict === 'Inconclusive' && acceptedBy !== undefined),
      );
      check(good.length === this.world.tests.length, 'succeeded although not all tests passed');
    }
  }

  /** Lets time pass, and nothing else, until the Update has ended. */
  settle(): void {
    this.gateShut = false;
    for (let count = 0; count < 400; count += 1) {
      const step = this.step('done');
      if (step === undefined) {
        return;
      }
      if (step.kind === 'Test') {
        pass(this, attemptMs);
      }
      if (step.kind === 'Wait') {
        this.wait(step);
      }
    }
    check(false, 'no end after 400 steps');
  }

  /** Until what is waited for has come. */
  wait({ waiting }: Extract<Step, { kind: 'Wait' }>): void {
    switch (waiting.reason) {
      case 'TestInconclusive':
        happenings.personAccepts(this);
        return;
      case 'RestoreApproval':
        this.answer(this.world.agrees);
        return;
      default:
        check(waiting.until !== undefined, `${waiting.reason} waits for nothing that is still to come`);
        this.worldMs = (waiting.until ?? this.now()).getTime() - this.skewMs;
    }
  }

  checkData(): void {
    const { phase, dataRestore, stopped } = this.journal;
    const isBack = this.formerRejectedByPerson && ['Running', 'Done'].includes(dataRestore?.state ?? '');
    const isHalfThere = phase === 'Failed' && (dataRestore?.state === 'Failed' || (isBack && stopped !== undefined));
    check(isHalfThere || (stopped === undefined && !this.isStopped), `${phase}, and the App is still stopped`);
    check(
      !isHalfThere || this.isStopped || this.restores + this.failedRestores === 0,
      'data of which a part is back is written to',
    );
    check(
      this.restores === 0 || dataRestore?.state === 'Done' || isBack,
      'the data came back, and the record does not say so',
    );
    this.checkDataOf(phase);
  }

  checkDataOf(phase: string): void {
    const mustBeOld = this.world.policy === 'OnFailure' && this.world.backup === 'good' && phase === 'RolledBack';
    check(!mustBeOld || this.data === 'old' || this.wroteBehindBack || this.world.mixed, 'went back without the data');
    const isProven = this.world.newFate === 'absent' && this.gone.size === 0;
    check(!isProven || this.restores === 0, 'brought back data that nobody had touched');
  }

  checkEnd(): void {
    this.checkData();
    const { phase, failure, steps } = this.journal;
    const images = this.planned()
      .filter(({ cell }) => !cell.touched && !this.gone.has(cell.workload))
      .map(({ cell, change }) => ({ ...change, image: cell.image }));
    switch (phase) {
      case 'Succeeded':
      case 'Superseded':
        check(
          images.every(({ image, after }) => image === after),
          'not all are set',
        );
        return;
      case 'RolledBack':
        check(
          images.every(({ image, restore }) => image === restore),
          'not all are set back',
        );
        check(failure?.blamesVersion === true && this.rejectedByUpdate, 'rolled back, but not rejected');
        return;
      case 'Cancelled':
        check(
          images.every(({ image, before }) => image === before),
          'cancelled after a change',
        );
        return;
      case 'Failed':
        check(failure !== undefined && steps.at(-1)?.message?.includes(failure.message) === true, 'failed without why');
        check(
          steps.at(-1)?.name !== 'RollBack' ||
            this.formerRejectedByPerson ||
            this.journal.dataRestore?.state === 'Failed',
          'did not go back, though it could',
        );
        return;
      default:
        check(false, `${phase} is no end`);
    }
  }
}

const happenings = {
  second: (cluster: Cluster) => pass(cluster, 1_000),
  sixSeconds: (cluster: Cluster) => pass(cluster, 6_000),
  halfMinute: (cluster: Cluster) => pass(cluster, 30_000),
  fiveMinutes: (cluster: Cluster) => pass(cluster, 300_000),
  step: (cluster: Cluster) => cluster.step('done'),
  steps: (cluster: Cluster) => {
    for (let count = 0; count < 8 && cluster.step('done')?.kind !== 'Wait'; count += 1);
  },
  diesBeforeStep: (cluster: Cluster) => cluster.step('notBegun'),
  diesBeforeJournal: (cluster: Cluster) => cluster.step('diesBeforeJournal'),
  diesHalfway: (cluster: Cluster) => cluster.step('diesHalfway'),
  apiServerRefuses: (cluster: Cluster) => cluster.step('refused'),
  personRejectsNew: (cluster: Cluster) => cluster.rejected.add('new'),
  personRejectsFormer: (cluster: Cluster) => {
    cluster.rejected.add('former');
    cluster.formerRejectedByPerson = true;
  },
  personAccepts: (cluster: Cluster) => {
    cluster.journal = transitions.acceptedTests(cluster.journal, 'ann');
  },
  personLiftsRejections: (cluster: Cluster) => cluster.rejected.clear(),
  otherSetsImage: (cluster: Cluster) => cluster.touch('one', 'foreign'),
  otherSetsBack: (cluster: Cluster) => cluster.touch('three', 'former'),
  otherSetsNew: (cluster: Cluster) => cluster.touch('two', 'new'),
  personAgrees: (cluster: Cluster) => cluster.answer(true),
  personDeclines: (cluster: Cluster) => cluster.answer(false),
  frozenControllerThaws: (cluster: Cluster) => cluster.thaw(),
  workloadDeleted: (cluster: Cluster) => cluster.gone.add('b'),
  otherWorkloadDeleted: (cluster: Cluster) => cluster.gone.add('a'),
  appSuspended: (cluster: Cluster) => {
    cluster.appActive = false;
  },
  newerAppears: (cluster: Cluster) => {
    cluster.newer = true;
  },
  gateShuts: (cluster: Cluster) => {
    cluster.gateShut = true;
  },
  gateOpens: (cluster: Cluster) => {
    cluster.gateShut = false;
  },
  somethingElseRuns: (cluster: Cluster) => {
    cluster.obsolete = true;
  },
  windowCloses: (cluster: Cluster) => {
    cluster.windowClosed = true;
  },
  windowOpens: (cluster: Cluster) => {
    cluster.windowClosed = false;
  },
  podsBreak: (cluster: Cluster) => {
    cluster.broken = true;
  },
  podsRecover: (cluster: Cluster) => {
    cluster.broken = false;
  },
  clockBehindTakesOver: (cluster: Cluster) => {
    cluster.skewMs = -90_000;
  },
  clockAheadTakesOver: (cluster: Cluster) => {
    cluster.skewMs = 20_000;
  },
} as const;

type Happening = keyof typeof happenings;

function pass(cluster: Cluster, durationMs: number): void {
  cluster.worldMs += durationMs;
}

/** Whether somebody else set it: neither what was before nor what this phase sets. */
function isContested(phase: Journal['phase'], { cell: { image }, change }: Planned): boolean {
  switch (phase) {
    case 'Applying':
      return image !== change.before && image !== change.after;
    case 'Watching':
      return image !== change.after;
    case 'VerifyingRollback':
      return image !== change.restore;
    default:
      return false;
  }
}

/** Without a list that is made anew: it is called after every step. */
function checkRecord({ phase, steps, startedAt, finishedAt, healthySince, waiting }: Journal): void {
  let lastMs = startedAt.getTime();
  let openSteps = 0;
  let watchedSince: Date | undefined;
  for (const step of steps) {
    check(openSteps === 0, 'an earlier step is open');
    const beginsMs = step.startedAt.getTime();
    const endsMs = step.finishedAt?.getTime() ?? beginsMs;
    check(beginsMs >= lastMs && endsMs >= beginsMs, backwards);
    lastMs = endsMs;
    openSteps += step.finishedAt === undefined ? 1 : 0;
    watchedSince = step.name === 'Watch' ? step.startedAt : watchedSince;
  }
  check(finishedAt === undefined || finishedAt.getTime() >= lastMs, backwards);
  const hasEnded = isFinal(phase);
  check(openSteps === (hasEnded ? 0 : 1), 'not one step is open while it goes on, or one after its end');
  check(hasEnded === (finishedAt !== undefined), 'ended without finishedAt, or has it and goes on');
  check(!hasEnded || waiting === undefined, 'ended and waits');
  if (healthySince !== undefined) {
    check(watchedSince !== undefined && healthySince >= watchedSince, 'healthy too early');
    check(['Watching', 'Testing', 'Succeeded', 'Superseded'].includes(phase), 'healthy still');
  }
}

const backwards = 'times go backwards';

/** A verdict is for ever, and no attempt is forgotten. */
function checkTests(before: readonly TestRecord[], after: readonly TestRecord[]): void {
  for (const record of before) {
    const now = after.find(({ name }) => name === record.name);
    check(now !== undefined && now.attempts >= record.attempts, `forgets attempts of ${record.name}`);
    check(record.verdict === undefined || now?.verdict === record.verdict, `another verdict of ${record.name}`);
  }
}

/** Quicker than `expect`, which counts at a million checks. */
function check(condition: boolean, message: string): void {
  if (!condition) {
    throw new Error(message);
  }
}

const keysOf = <T extends object>(of: T) => Object.keys(of).filter((key): key is keyof T & string => key in of);
const stepping: Happening[] = ['step', 'step', 'step', 'step', 'steps', 'steps', 'steps', 'sixSeconds', 'halfMinute'];
const worlds: fc.Arbitrary<World> = fc.record({
  superseding: fc.boolean(),
  mixed: fc.boolean(),
  newFate: fc.constantFrom(...keysOf(fates)),
  backup: fc.constantFrom('none', 'good', 'good', 'fails'),
  scaleDown: fc.boolean(),
  policy: fc.constantFrom('Never', 'OnFailure', 'Ask'),
  failingRestores: fc.constantFrom(0, 0, 1, 3),
  agrees: fc.boolean(),
  formerFate: fc.constantFrom('good', 'good', 'good', 'neverReady', 'slow', 'flapping'),
  tests: fc.array(fc.constantFrom(...keysOf(testFates)), { maxLength: 2 }),
  events: fc.array(fc.constantFrom(...keysOf(happenings), ...stepping), { maxLength: 14, size: 'max' }),
});

// Two seconds here; more on a machine that is busy.
test('whatever happens, an Update ends, with all containers new or all set back, and no rejected version is set', {
  timeout: 120_000,
}, () => {
  const ends = new Map<string, number>();

  fc.assert(
    fc.property(worlds, (world) => {
      const cluster = new Cluster(world);
      for (const event of world.events) {
        happenings[event](cluster);
      }
      cluster.settle();
      cluster.checkEnd();
      ends.set(cluster.journal.phase, (ends.get(cluster.journal.phase) ?? 0) + 1);
    }),
    { numRuns: 100_000 * share },
  );

  // A model in which some end never comes would prove nothing about it.
  expect([...ends.keys()].sort()).toEqual(['Cancelled', 'Failed', 'RolledBack', 'Succeeded', 'Superseded']);
  expect(Math.min(...ends.values())).toBeGreaterThan(200 * share);
});
