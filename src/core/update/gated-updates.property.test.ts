/**
 * An App through many versions: the real policy chooses, the real gates and nextStep decide, and a model of people, clocks and crashes acts
 * between any two steps. Held against what a reader of the record would say, in plain arithmetic: who approved what, what the hour was, which
 * versions were passed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { share } from '../../../test/thorough.ts';
import type { Approval } from '../gates/approval.ts';
import { type Gates, judgeGates } from '../gates/gates.ts';
import { judgeWindows } from '../gates/window.ts';
import type { SemverPolicy } from '../policy/policy.ts';
import { rankTags } from '../policy/rank-tags.ts';
import { parseCron } from '../schedule/cron.ts';
import { timeZone } from '../schedule/time-zone.ts';
import { isFinal, type Journal } from './journal.ts';
import { nextStep, type Observation, type Step } from './next-step.ts';
import * as transitions from './transitions.ts';

const hourMs = 3_600_000;
const releases = ['1.0.0', '1.1.0', '1.2.0', '2.0.0', '2.1.0', '3.0.0', '3.1.0', '4.0.0'];
const barrier = '2.0.0';
/** `oneMajorAtATime` as well, so that each of both is met alone in some histories. */
const policy: SemverPolicy = { kind: 'semver', range: '*', path: { barriers: [barrier], oneMajorAtATime: true } };
const [opensAtHour, closesAtHour] = [2, 4];
const nightly = {
  kind: 'Allow' as const,
  opens: { times: parseCron(`0 ${opensAtHour} * * *`, 'cron'), offsetAt: timeZone('UTC', 'timeZone') },
  durationMs: (closesAtHour - opensAtHour) * hourMs,
  text: 'nightly',
};
const settings = { timeoutMs: 600_000, stableForMs: 0, tests: [], data: 'Never' as const };
const people = ['ann', 'bob'] as const;

interface World {
  readonly approvals: number;
  readonly hasWindow: boolean;
  readonly atWindowEnd: Gates['atWindowEnd'];
  readonly bad: readonly string[];
  readonly events: readonly Happening[];
}

interface Attempt {
  readonly from: string;
  readonly to: string;
  journal: Journal;
  approvals: Approval[];
}

const endings = new Map<string, number>();

class App {
  readonly world: World;
  running = '1.0.0';
  published = 1;
  worldMs = Date.parse('2030-01-01T00:00:00Z');
  skewMs = 0;
  vetoed = false;
  readonly rejected = new Set<string>();
  readonly attempts: Attempt[] = [];
  readonly passed = new Set<string>(['1.0.0']);

  constructor(world: World) {
    this.world = world;
  }

  /** By the clock of the controller that works. */
  now(): Date {
    return new Date(this.worldMs + this.skewMs);
  }

  get open(): Attempt | undefined {
    const last = this.attempts.at(-1);
    return last && !isFinal(last.journal.phase) ? last : undefined;
  }

  gates(): Gates {
    const { approvals, hasWindow, atWindowEnd } = this.world;
    return {
      approvals: approvals === 0 ? undefined : { required: approvals, deadlineMs: 24 * hourMs },
      windows: hasWindow ? [nightly] : [],
      atWindowEnd,
      coolDown: { afterSuccessMs: hourMs / 2, afterFailureMs: hourMs },
      maxRollbacks: 3,
      vetoes: [],
      after: [],
      preflight: { checks: undefined, dataVersion: undefined },
    };
  }

  /** As engine/check: what the policy takes of what is published and not rejected. */
  newest(): string | undefined {
    return candidatesOf(this.published, this.running).find((tag) => !this.rejected.has(tag));
  }

  check(): void {
    const to = this.newest();
    if (this.open === undefined && to !== undefined) {
      const journal = transitions.openJournal(this.now());
      this.attempts.push({ from: this.running, to, journal, approvals: [] });
    }
  }

  look(attempt: Attempt): Observation {
    const { phase, startedAt } = attempt.journal;
    const gates = this.gates();
    const earlier = this.attempts
      .filter((one) => one !== attempt)
      .toReversed()
      .map(({ journal }, index) => ({ name: `web-${index}`, phase: journal.phase, finishedAt: journal.finishedAt }));
    const sight = {
      brings: attempt.to,
      askedAt: startedAt,
      approvals: attempt.approvals,
      vetoes: this.vetoed ? [{ by: 'App web', reason: 'not now', until: undefined }] : [],
      earlier,
      predecessors: { seen: [], unmatched: [] },
      unwell: undefined,
      queue: undefined,
    };
    const isBound = this.world.hasWindow && this.world.atWindowEnd === 'Undo';
    const newest = this.newest();
    const isNew = this.running === attempt.to;
    const isBad = isNew && this.world.bad.includes(attempt.to);
    return {
      health: isBad ? { kind: 'Failed', reason: 'CrashLoop', message: 'crashes' } : { kind: 'Current' },
      rejected: this.rejected.has(attempt.to),
      formerRejected: this.rejected.has(attempt.from),
      newerAvailable:
        (phase === 'Pending' || phase === 'Watching') && newest !== attempt.to && !isNew ? newest : undefined,
      contested: [],
      reapplied: [],
      gone: [],
      appActive: true,
      gate: phase === 'Pending' ? judgeGates(gates, sight, this.now()) : { kind: 'Open' },
      obsolete: phase === 'Pending' && this.running !== attempt.from ? 'something else runs' : undefined,
      window: isBound ? judgeWindows(gates.windows, this.now()) : { kind: 'Open', closesAt: undefined },
      ran: false,
    };
  }

  /** One decision and what becomes of it. @param isWritten false: the controller dies after what it did and before the journal */
  step(isWritten: boolean): Step | undefined {
    const attempt = this.open;
    const step = attempt && nextStep(attempt.journal, this.look(attempt), settings, this.now());
    if (!attempt || !step) {
      return undefined;
    }
    const next = this.perform(attempt, step);
    if (isWritten) {
      attempt.journal = next;
      if (isFinal(next.phase)) {
        endings.set(next.phase, (endings.get(next.phase) ?? 0) + 1);
      }
    }
    return step;
  }

  perform(attempt: Attempt, step: Step): Journal {
    const { journal } = attempt;
    switch (step.kind) {
      case 'Plan':
        this.mayBegin(attempt);
        return transitions.planned(journal, { kind: 'Workloads', workloads: [] }, this.now());
      case 'Apply':
        this.mayApply(attempt);
        this.running = attempt.to;
        this.passed.add(attempt.to);
        return transitions.applied(journal, this.now());
      case 'Condemn':
        return transitions.condemned(journal, step.failure, this.now());
      case 'Restore':
        must(!this.rejected.has(attempt.from), `goes back to ${attempt.from}, which is rejected`);
        if (journal.failure?.blamesVersion === true) {
          this.rejected.add(attempt.to);
        }
        this.running = attempt.from;
        return transitions.restored(journal, this.now());
      case 'NoteHealthy':
        return transitions.notedHealthy(journal, this.now());
      case 'NoteUnhealthy':
        return transitions.notedUnhealthy(journal);
      case 'BeginTests':
        return transitions.testsBegun(journal, this.now(), step.message);
      case 'Finish':
        return transitions.finished(journal, step.phase, step.message, this.now());
      case 'Wait':
        return transitions.waitingFor(journal, step.waiting);
      default:
        throw new Error(`no ${step.kind} in this model`);
    }
  }

  mayBegin({ approvals }: Attempt): void {
    must(!this.vetoed, 'begins in spite of a veto');
    must(new Set(approvals.map(({ by }) => by)).size >= this.world.approvals, 'begins without its approvals');
    must(!this.world.hasWindow || this.isOpenHour(), 'begins outside its window');
  }

  mayApply({ from, to }: Attempt): void {
    must(!this.rejected.has(to), `applies ${to}, which is rejected`);
    const isBound = this.world.hasWindow && this.world.atWindowEnd === 'Undo';
    must(!isBound || this.isOpenHour(), 'applies outside its window');
    must(order(from) <= order(to), `goes from ${from} down to ${to}`);
    must(order(to) <= order(barrier) || this.passed.has(barrier), `jumps over the barrier, from ${from} to ${to}`);
    must(majorOf(to) - majorOf(from) <= 1, `leaves out a major version, from ${from} to ${to}`);
  }

  isOpenHour(): boolean {
    const hour = this.now().getUTCHours();
    return hour >= opensAtHour && hour < closesAtHour;
  }

  /** For the Update that is open, whatever the person was looking at. */
  approve(by: string): void {
    const attempt = this.open;
    if (attempt?.journal.phase === 'Pending') {
      attempt.approvals.push({ by, at: this.now() });
    }
  }
}

const ranked = new Map<string, readonly string[]>();

/** What the policy answers for so many tags and what runs, asked once for each of the few such questions there are. */
function candidatesOf(published: number, running: string): readonly string[] {
  const question = `${published} ${running}`;
  const known = ranked.get(question);
  if (known) {
    return known;
  }
  const { candidates } = rankTags(policy, { tags: releases.slice(0, published), current: running });
  const tags = candidates.map(({ tag }) => tag);
  ranked.set(question, tags);
  return tags;
}

const order = (version: string) => releases.indexOf(version);
const majorOf = (version: string) => Number(version.split('.')[0]);

/** Quicker than `expect`, which counts at a million checks. */
function must(holds: boolean, message: string): void {
  if (!holds) {
    throw new Error(message);
  }
}

const happenings = {
  publish: (app: App) => {
    app.published = Math.min(releases.length, app.published + 1);
  },
  publishMany: (app: App) => {
    app.published = Math.min(releases.length, app.published + 4);
  },
  check: (app: App) => app.check(),
  checkAndSteps: (app: App) => {
    app.check();
    steps(app);
  },
  step: (app: App) => app.step(true),
  steps: (app: App) => steps(app),
  diesBeforeJournal: (app: App) => app.step(false),
  annApproves: (app: App) => app.approve(people[0]),
  annApprovesAgain: (app: App) => app.approve(people[0]),
  bothApprove: (app: App) => {
    app.approve(people[0]);
    app.approve(people[1]);
  },
  personRejectsNext: (app: App) => {
    const to = app.open?.to ?? app.newest();
    if (to !== undefined) {
      app.rejected.add(to);
    }
  },
  personRejectsRunning: (app: App) => app.rejected.add(app.running),
  vetoes: (app: App) => {
    app.vetoed = true;
  },
  liftsVeto: (app: App) => {
    app.vetoed = false;
  },
  minute: (app: App) => pass(app, 60_000),
  hour: (app: App) => pass(app, hourMs),
  toWindow: (app: App) => pass(app, untilHour(app, opensAtHour)),
  toWindowEnd: (app: App) => pass(app, untilHour(app, closesAtHour) - 1),
  day: (app: App) => pass(app, 24 * hourMs),
  clockBehindTakesOver: (app: App) => {
    app.skewMs = -3 * hourMs;
  },
  clockAheadTakesOver: (app: App) => {
    app.skewMs = 2 * hourMs;
  },
  clockRightTakesOver: (app: App) => {
    app.skewMs = 0;
  },
} as const;

type Happening = keyof typeof happenings;

function steps(app: App): void {
  for (let count = 0; count < 12; count += 1) {
    const step = app.step(true);
    if (step === undefined || step.kind === 'Wait') {
      return;
    }
  }
}

function pass(app: App, durationMs: number): void {
  app.worldMs += durationMs;
}

function untilHour(app: App, hour: number): number {
  const sinceMidnightMs = app.now().getTime() % (24 * hourMs);
  return (hour * hourMs - sinceMidnightMs + 24 * hourMs) % (24 * hourMs);
}

const names = Object.keys(happenings).filter((key): key is Happening => key in happenings);
const often: Happening[] = [
  'checkAndSteps',
  'checkAndSteps',
  'checkAndSteps',
  'steps',
  'publish',
  'publishMany',
  'toWindow',
  'bothApprove',
];
const worlds: fc.Arbitrary<World> = fc.record({
  approvals: fc.constantFrom(0, 0, 1, 2),
  hasWindow: fc.boolean(),
  atWindowEnd: fc.constantFrom('Finish', 'Undo'),
  bad: fc.subarray(['1.1.0', '2.0.0', '2.1.0', '3.0.0']),
  events: fc.array(fc.constantFrom(...names, ...often, ...often), { minLength: 4, maxLength: 24, size: 'max' }),
});

// Five seconds here; more on a machine that is busy.
test('no history applies what is rejected, begins without its approvals or outside its window, or jumps over a barrier', {
  timeout: 180_000,
}, () => {
  let applied = 0;
  let beyond = 0;

  fc.assert(
    fc.property(worlds, (world) => {
      const app = new App(world);
      for (const event of world.events) {
        happenings[event](app);
      }
      applied += app.passed.size - 1;
      beyond += [...app.passed].some((version) => order(version) > order(barrier)) ? 1 : 0;
    }),
    { numRuns: 100_000 * share },
  );

  // A model in which nothing comes that far would prove nothing about it.
  expect(applied).toBeGreaterThan(20_000 * share);
  expect(beyond).toBeGreaterThan(500 * share);
  for (const phase of ['Succeeded', 'RolledBack', 'Cancelled', 'Failed']) {
    expect(endings.get(phase) ?? 0, phase).toBeGreaterThan(200 * share);
  }
});
