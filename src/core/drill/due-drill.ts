/** Whether a drill is to begin, and what asks for it. */
import { nextTime } from '../schedule/next-time.ts';
import { bySchedule, type Drill, type DrillRequest, type DrillSettings, isUnderWay } from './drill.ts';

export type DueDrill =
  | { readonly kind: 'Due'; readonly request: DrillRequest | undefined }
  /** @property at when it will be; undefined: when somebody asks */
  | { readonly kind: 'Later'; readonly at: Date | undefined };

export interface DrillWishes {
  readonly settings: DrillSettings | undefined;
  readonly request: DrillRequest | undefined;
  /** The last one. */
  readonly drill: Drill | undefined;
  /** Nothing is begun by itself. */
  readonly isHeld: boolean;
  /** Since when a schedule counts where there was no drill yet. */
  readonly since: Date;
  /** Keeps apart Apps that say the same. */
  readonly seed: string;
}

/** Who a drill is by, and what is not to be done again after it. */
export function askedBy(
  request: DrillRequest | undefined,
  before: Pick<Drill, 'request'> | undefined,
): Pick<Drill, 'request' | 'by'> {
  return request === undefined
    ? { request: before?.request, by: bySchedule }
    : { request: request.text, by: request.by };
}

/** A request comes before the schedule; a time that passed while nobody was at work is made up for once. */
export function dueDrill({ settings, request, drill, ...rest }: DrillWishes, now: Date): DueDrill {
  if (isUnderWay(drill)) {
    return { kind: 'Later', at: undefined };
  }
  if (request !== undefined && request.text !== drill?.request) {
    return { kind: 'Due', request };
  }
  const { schedule } = settings ?? {};
  if (schedule === undefined || rest.isHeld) {
    return { kind: 'Later', at: undefined };
  }
  const at = nextTime(schedule, drill?.startedAt ?? rest.since, rest.seed);
  return at !== undefined && at <= now ? { kind: 'Due', request: undefined } : { kind: 'Later', at };
}
