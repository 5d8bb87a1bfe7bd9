/** A restore drill: the newest checkpoint of an App brought back into a namespace of its own, and tried there. Pure. */
import { createHash } from 'node:crypto';
import type { TestRecord } from '../app-test/test-record.ts';
import type { Schedule } from '../schedule/next-time.ts';

/** How an App asks for drills; the wire form is resources/drill.ts. */
export interface DrillSettings {
  /** Undefined: only when somebody asks. */
  readonly schedule: Schedule | undefined;
  /** How long one may take, before what it made is taken away again. */
  readonly timeoutMs: number;
}

export const defaultDrillTimeoutMs = 30 * 60_000;

/** `Inconclusive`: a test could not tell. `Refused`: it could not be tried, which says nothing about the checkpoint. */
export const drillOutcomes = ['Passed', 'Failed', 'Inconclusive', 'Refused'] as const;

export type DrillOutcome = (typeof drillOutcomes)[number];

/** In their order. `Remove` comes whatever happened before it. */
export const drillSteps = ['Copy', 'Restore', 'Start', 'Test', 'Remove', 'Ended'] as const;

/** The journal of one drill: what is to be done next, and what it came to. */
export interface Drill {
  readonly step: (typeof drillSteps)[number];
  /** The one that it makes. Written down before anything is made, so that whoever goes on finds it. */
  readonly namespace: string;
  /** Id of the checkpoint; undefined where there is none. */
  readonly checkpoint: string | undefined;
  /** What was asked for last: this one, or one before where its schedule began it. It is not done again. */
  readonly request: string | undefined;
  readonly by: string;
  /** The namespace stays for a while, for people to look at. */
  readonly keep: boolean;
  readonly startedAt: Date;
  /** When it is given up. */
  readonly until: Date;
  /** From the end of the copying on. */
  readonly namespaceUid?: string | undefined;
  /** The Job that brings back the data. */
  readonly job?: string | undefined;
  readonly tests: readonly TestRecord[];
  readonly outcome?: DrillOutcome | undefined;
  /** What there is to say, for people. */
  readonly message?: string | undefined;
  readonly finishedAt?: Date | undefined;
}

/** In `by`: nobody asked for it. */
export const bySchedule = 'its schedule';

/** What somebody asks for, by hand. */
export interface DrillRequest {
  /** As it was written: the same is not done twice. */
  readonly text: string;
  readonly by: string;
  readonly keep: boolean;
  readonly timeoutMs: number | undefined;
}

const hashLength = 10;
const longestName = 63;
const prefix = 'headgate-drill-';

/** Follows from the App and the time, so that it is the same whoever goes on with the drill. */
export function drillNamespaceOf(app: { readonly name: string; readonly uid: string }, startedAt: Date): string {
  const hash = createHash('sha256').update(`${app.uid}\0${startedAt.toISOString()}`).digest('hex').slice(0, hashLength);
  const room = longestName - prefix.length - hashLength - 1;
  const name = app.name.replaceAll('.', '-').slice(0, room).replace(/-+$/, '');
  return `${prefix}${name}-${hash}`;
}

export function isUnderWay(drill: Drill | undefined): boolean {
  return drill !== undefined && drill.step !== 'Ended';
}

/** On to the taking away of what was made. The first outcome stays. */
export function decided(drill: Drill, outcome: DrillOutcome, message: string): Drill {
  return { ...drill, step: 'Remove', outcome: drill.outcome ?? outcome, message };
}

/** How long a namespace that was to be kept is kept. */
const keptMs = 24 * 60 * 60_000;

/** From when on whatever is left of a drill may be taken away by anybody who finds it. */
export function expiryOf({ keep, until }: Pick<Drill, 'keep' | 'until'>): Date {
  const grace = 60 * 60_000;
  return new Date(until.getTime() + (keep ? keptMs : grace));
}
