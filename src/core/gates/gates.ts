/**
 * What has to be given before an Update changes anything. Pure. One reason at a time is told, the one that a person can do most
 * about first; each says when it may change by itself.
 */
import { formatDuration } from '../duration.ts';
import type { Preflight } from '../preflight/preflight.ts';
import type { UpdatePhase } from '../update/journal.ts';
import type { Waiting } from '../waiting.ts';
import type { Approval } from './approval.ts';
import type { AskedVeto } from './asked-veto.ts';
import type { GateAnswer } from './gate-answer.ts';
import { judgePredecessors, type Predecessor, type PredecessorSight } from './predecessor.ts';
import { judgeWindows, type Window } from './window.ts';

export interface Gates {
  /** Undefined: nobody is asked. */
  readonly approvals: { readonly required: number; readonly deadlineMs: number } | undefined;
  readonly windows: readonly Window[];
  /** What becomes of an Update that is under way when its window closes. */
  readonly atWindowEnd: 'Finish' | 'Undo';
  readonly coolDown: { readonly afterSuccessMs: number; readonly afterFailureMs: number };
  /** Updates in a row that may go back before a person is asked. */
  readonly maxRollbacks: number;
  /** Asked once everything else is open. */
  readonly vetoes: readonly AskedVeto[];
  /** Apps in which the same versions must have proved themselves before. */
  readonly after: readonly Predecessor[];
  readonly preflight: Preflight;
}

/** "Not now", said by a person or a workload. */
export interface Veto {
  /** What carries it, for example `App web`. */
  readonly by: string;
  readonly reason: string;
  /** Undefined: until it is taken away. */
  readonly until: Date | undefined;
}

/** An earlier Update of the same App. */
export interface EarlierUpdate {
  readonly name: string;
  readonly phase: UpdatePhase;
  readonly finishedAt: Date | undefined;
}

export interface GateSight {
  /** What the Update brings, for people: `web 1.1.0`. */
  readonly brings: string;
  readonly askedAt: Date;
  readonly approvals: readonly Approval[];
  readonly vetoes: readonly Veto[];
  /** Newest first. */
  readonly earlier: readonly EarlierUpdate[];
  readonly predecessors: { readonly seen: readonly PredecessorSight[]; readonly unmatched: readonly string[] };
  /** What is not well of the App before it is touched; undefined when all is, or when it does not matter. */
  readonly unwell: string | undefined;
  /** Updates that were asked for before and are not done, where only so many may be under way at once. */
  readonly queue: { readonly ahead: number; readonly limit: number; readonly where: string } | undefined;
}

/** The first gate that is shut. */
export function judgeGates(gates: Gates, sight: GateSight, now: Date): GateAnswer {
  const waiting =
    askBreaker(gates, sight) ??
    askVetoes(sight, now) ??
    askApprovals(gates, sight, now) ??
    askCoolDown(gates, sight, now) ??
    judgePredecessors(sight.predecessors.seen, sight.predecessors.unmatched, now) ??
    askHealth(sight) ??
    askWindows(gates, now) ??
    askQueue(sight);
  return waiting === undefined ? { kind: 'Open' } : { kind: 'Shut', waiting };
}

/** After several versions in a row that went back something else is wrong; whoever approves the Update tries one more. */
function askBreaker({ maxRollbacks }: Gates, { brings, earlier, approvals }: GateSight): Waiting | undefined {
  const judged = earlier.filter(({ phase }) => phase === 'RolledBack' || phase === 'Succeeded');
  const firstGood = judged.findIndex(({ phase }) => phase === 'Succeeded');
  const inARow = firstGood === -1 ? judged.length : firstGood;
  if (inARow < maxRollbacks || approvals.length > 0) {
    return undefined;
  }
  const message = `${brings} is available, but the last ${inARow} Updates went back; approve this one to try it`;
  return { reason: 'TooManyRollbacks', message };
}

function askVetoes({ vetoes }: GateSight, now: Date): Waiting | undefined {
  const standing = vetoes.filter(({ until }) => until === undefined || until > now);
  const [first] = standing;
  if (first === undefined) {
    return undefined;
  }
  const ends = standing.map(({ until }) => until);
  const until = ends.includes(undefined) ? undefined : latest(ends);
  const message = standing.map(({ by, reason }) => `${by}: ${reason}`).join('; ');
  return { reason: 'Veto', message, ...(until === undefined ? {} : { until }) };
}

function askApprovals({ approvals: asked }: Gates, sight: GateSight, now: Date): Waiting | undefined {
  if (asked === undefined) {
    return undefined;
  }
  const people = new Set(sight.approvals.map(({ by }) => by));
  if (people.size >= asked.required) {
    return undefined;
  }
  const until = new Date(sight.askedAt.getTime() + asked.deadlineMs);
  if (now >= until) {
    const message = `${sight.brings} was approved by ${people.size} of ${asked.required} people within ${formatDuration(asked.deadlineMs)}; delete this Update to ask again`;
    return { reason: 'ApprovalExpired', message };
  }
  const needed = asked.required === 1 ? '1 person has' : `${asked.required} people have`;
  const given = people.size === 0 ? '' : `; ${[...people].join(', ')} did`;
  return {
    reason: 'ApprovalRequired',
    message: `${sight.brings} is available; ${needed} to approve it${given}`,
    until,
  };
}

function askCoolDown({ coolDown }: Gates, { earlier }: GateSight, now: Date): Waiting | undefined {
  const last = earlier.find(({ phase }) => phase !== 'Cancelled' && phase !== 'Superseded');
  if (last?.finishedAt === undefined) {
    return undefined;
  }
  const coolMs = last.phase === 'Succeeded' ? coolDown.afterSuccessMs : coolDown.afterFailureMs;
  const until = new Date(last.finishedAt.getTime() + coolMs);
  return now < until
    ? { reason: 'CoolDown', message: `Update ${last.name} ended less than ${formatDuration(coolMs)} ago`, until }
    : undefined;
}

function askWindows({ windows }: Gates, now: Date): Waiting | undefined {
  const state = judgeWindows(windows, now);
  if (state.kind === 'Open') {
    return undefined;
  }
  return state.opensAt === undefined
    ? { reason: 'Window', message: `${state.because}; it never opens, so correct the windows` }
    : { reason: 'Window', message: state.because, until: state.opensAt };
}

function askHealth({ unwell }: GateSight): Waiting | undefined {
  return unwell === undefined
    ? undefined
    : {
        reason: 'Unhealthy',
        message: `${unwell}; it is updated once it is well. Where the Update mends it: headgate approve --fix`,
      };
}

function askQueue({ queue }: GateSight): Waiting | undefined {
  if (queue === undefined || queue.ahead < queue.limit) {
    return undefined;
  }
  const message = `${queue.ahead} other Updates of ${queue.where} are before it, and ${queue.limit} may be under way at once`;
  return { reason: 'UpdateLimit', message };
}

function latest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.reduce(
    (last, time) => (last === undefined || (time !== undefined && time > last) ? time : last),
    undefined,
  );
}
