/** The four numbers of DORA (dora.dev/guides/dora-metrics) over the Updates that are kept. The metrics count the same things the same way. */
import type { UpdatePhase } from './journal.ts';

export interface EndedUpdate {
  /** When its version was found. */
  readonly createdAt: Date;
  readonly phase: UpdatePhase;
  /** Undefined: it has not ended. */
  readonly finishedAt: Date | undefined;
  /** When it was found to be bad and began to go back. */
  readonly backAt: Date | undefined;
}

export interface Figures {
  /** Updates that put a new version in place, well or not. */
  readonly deployments: number;
  /** Those of them that went back or have to be looked at. */
  readonly failed: number;
  readonly perDay: number;
  /** From 0 to 1; undefined while there was none. */
  readonly failureShare: number | undefined;
  /** Median from a version being found to its success. */
  readonly leadTimeMs: number | undefined;
  /** Median from the verdict to the former version being well. */
  readonly restoreTimeMs: number | undefined;
}

const dayMs = 86_400_000;

/** @param days counted back from `now` */
export function figuresOf(updates: readonly EndedUpdate[], days: number, now: Date): Figures {
  const since = now.getTime() - days * dayMs;
  const ended = updates.flatMap(({ finishedAt, ...update }) =>
    finishedAt !== undefined && finishedAt.getTime() >= since && isDeployment(update.phase)
      ? [{ ...update, finishedAt }]
      : [],
  );
  const failed = ended.filter(({ phase }) => phase !== 'Succeeded').length;
  const spans = (phase: UpdatePhase, from: (update: EndedUpdate) => Date | undefined) =>
    ended.flatMap((update) => {
      const start = update.phase === phase ? from(update) : undefined;
      return start === undefined ? [] : [Math.max(0, update.finishedAt.getTime() - start.getTime())];
    });
  return {
    deployments: ended.length,
    failed,
    perDay: ended.length / days,
    failureShare: ended.length === 0 ? undefined : failed / ended.length,
    leadTimeMs: medianOf(spans('Succeeded', ({ createdAt }) => createdAt)),
    restoreTimeMs: medianOf(spans('RolledBack', ({ backAt }) => backAt)),
  };
}

/** Whatever else an Update ends as, it has put nothing in place. */
function isDeployment(phase: UpdatePhase): boolean {
  return phase === 'Succeeded' || phase === 'RolledBack' || phase === 'Failed';
}

function medianOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((left, right) => left - right);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
