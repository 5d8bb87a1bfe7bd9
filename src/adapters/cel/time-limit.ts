/** Ends the evaluation of an expression that takes too long. */
import { createContext, Script } from 'node:vm';
import type { TimeLimit, Verdict } from '../../core/cel/time-limit.ts';

/** A check of some conditions takes some microseconds; nothing else of the process runs meanwhile. */
const longestMs = 100;

/** A machine that stood still for a moment is not the fault of the expression. */
const mostTimeouts = 2;

/** Slow expressions that are remembered; the oldest is forgotten. */
const mostSlow = 1000;

/**
 * Makes the limit: an evaluation is broken off after 100 ms (node:vm ends any JavaScript, also loops of the library). An
 * expression to which that happened twice in a row is not evaluated again by this process.
 */
export function createTimeLimit(): TimeLimit {
  const slow = new Map<string, number>();
  return (text, run) => {
    const timeouts = slow.get(text) ?? 0;
    if (timeouts >= mostTimeouts) {
      return tooSlow('and is not evaluated any more');
    }
    const verdict = runFor(run);
    slow.delete(text);
    if (verdict !== undefined) {
      return verdict;
    }
    slow.set(text, timeouts + 1);
    const [oldest] = slow.keys();
    if (slow.size > mostSlow && oldest !== undefined) {
      slow.delete(oldest);
    }
    return tooSlow('and was broken off');
  };
}

function tooSlow(what: string): Verdict {
  return { kind: 'Error', message: `it took longer than ${longestMs} ms ${what}; make it simpler` };
}

const sandbox: { run: () => Verdict } = { run: () => ({ kind: 'False' }) };
const call = new Script('run()');
const context = createContext(sandbox);

/** @returns undefined when time was up */
function runFor(run: () => Verdict): Verdict | undefined {
  let verdict: Verdict | undefined;
  sandbox.run = () => {
    verdict = run();
    return verdict;
  };
  try {
    call.runInContext(context, { timeout: longestMs });
    return verdict;
  } catch (error) {
    if (isTimeout(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Made in the other context, so that it is no Error of this one. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
