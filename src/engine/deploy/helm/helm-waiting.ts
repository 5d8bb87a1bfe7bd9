/** How it is said that an Update waits for Helm. */
import type { Waiting } from '../../../core/waiting.ts';
import type { OperationState } from '../../ports/helm.ts';
import type { Work } from '../deployer.ts';
import { helmPlanOf, timesOf } from './helm-context.ts';

/** Description of a revision whose operation nobody worked on any more. */
export const interruptedText = 'Interrupted: whoever worked on it ended before it did';

/** Twice as long as one hook may take, and not less than ten minutes: a person's own helm may be at work. */
export function lockPatienceMs({ spec }: Work): number {
  const shortestMs = 600_000;
  const { timeoutMs } = timesOf(spec?.deploy.kind === 'Helm' ? spec.deploy : undefined);
  return Math.max(shortestMs, 2 * timeoutMs);
}

/** The end of the operation wakes the Update; the time is only for the case that nothing does. */
export function running({ journal, spec }: Work, { since }: Extract<OperationState, { kind: 'Running' }>): Waiting {
  const { timeoutMs } = timesOf(spec?.deploy.kind === 'Helm' ? spec.deploy : undefined);
  const graceMs = 120_000;
  return {
    reason: 'HelmOperation',
    message: `helm is at work on release ${helmPlanOf(journal).release}`,
    until: new Date(since.getTime() + timeoutMs + graceMs),
  };
}

export function waitFor(waiting: Waiting): { readonly kind: 'Waiting'; readonly waiting: Waiting } {
  return { kind: 'Waiting', waiting };
}

/** Below what a record holds, with room for where the rest is. */
const longestBesideLog = 7_900;

/** A message of Helm's with the place of all else that it said. */
export function sayWithLog(message: string, { keptIn }: { readonly keptIn?: string }): string {
  return keptIn === undefined ? message : `${message.slice(0, longestBesideLog)}; ${sayLog(keptIn)}`;
}

export function sayLog(keptIn: string): string {
  return `all that Helm said: ${keptIn}`;
}
