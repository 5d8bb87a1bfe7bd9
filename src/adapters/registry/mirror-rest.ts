import { isOperationError, type OperationError } from '../../core/errors.ts';
import type { Clock } from '../../engine/ports/clock.ts';

/** @param error what it answered; undefined when it answers again */
export type MirrorProblem = (mirror: string, error: OperationError | undefined) => void;

export interface MirrorRest {
  /** The answer, or undefined when the mirror fails or has failed lately. @throws the reason of the signal */
  guard<T>(mirror: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined>;
}

interface State {
  readonly strikes: number;
  readonly untilMs: number;
  readonly code: string;
}

const shortestMs = 30_000;
const longestMs = 600_000;
/** It has no such repository, which says nothing of the others. */
const harmless: ReadonlySet<string> = new Set(['REGISTRY_NOT_FOUND', 'REGISTRY_DENIED']);

/** Leaves a mirror that fails alone, for longer and longer, because all that waits for it waits for the origin after that. */
export function createMirrorRest(clock: Clock, onProblem: MirrorProblem): MirrorRest {
  const states = new Map<string, State>();

  const strike = (mirror: string, error: OperationError) => {
    const { strikes, code } = states.get(mirror) ?? { strikes: 0, code: '' };
    const restMs = Math.min(shortestMs * 2 ** strikes, longestMs);
    const untilMs = clock.now().getTime() + restMs;
    states.set(mirror, { strikes: strikes + 1, untilMs, code: error.code });
    if (error.code !== code) {
      onProblem(mirror, error);
    }
  };

  const isResting = (mirror: string) => (states.get(mirror)?.untilMs ?? 0) > clock.now().getTime();

  return {
    async guard(mirror, signal, ask) {
      if (isResting(mirror)) {
        return undefined;
      }
      try {
        const answer = await ask();
        if (states.delete(mirror)) {
          onProblem(mirror, undefined);
        }
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!isOperationError(error)) {
          throw error;
        }
        if (!harmless.has(error.code)) {
          strike(mirror, error);
        }
        return undefined;
      }
    },
  };
}
