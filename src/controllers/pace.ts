import type { Clock } from '../kube/clock.ts';

export interface PaceOptions {
  readonly clock: Clock;
  /** Between two acts on one subject. */
  readonly gapMs: number;
  /** After it is aborted nothing more is done. */
  readonly signal: AbortSignal;
}

/**
 * Acts on a subject at once, but not more often than once in `gapMs`: whatever is called for in between becomes one more
 * act at the end of the gap, so that the last call is never lost. Remembers the subjects of the last gap only.
 */
export function pace({ clock, gapMs, signal }: PaceOptions, act: (subject: string) => void): (subject: string) => void {
  /** Subject -> when it was acted on; the oldest first. */
  const actedAtMs = new Map<string, number>();
  const waiting = new Map<string, () => void>();

  const actNow = (subject: string) => {
    const nowMs = clock.monotonicMs();
    actedAtMs.delete(subject);
    actedAtMs.set(subject, nowMs);
    forgetBefore(actedAtMs, nowMs - gapMs);
    act(subject);
  };
  const end = () => {
    for (const cancel of waiting.values()) {
      cancel();
    }
    waiting.clear();
  };
  signal.addEventListener('abort', end, { once: true });

  return (subject) => {
    if (signal.aborted || waiting.has(subject)) {
      return;
    }
    const lastMs = actedAtMs.get(subject);
    const waitMs = lastMs === undefined ? 0 : lastMs + gapMs - clock.monotonicMs();
    if (waitMs <= 0) {
      actNow(subject);
      return;
    }
    const actLater = () => {
      waiting.delete(subject);
      actNow(subject);
    };
    waiting.set(subject, clock.schedule(waitMs, actLater));
  };
}

function forgetBefore(actedAtMs: Map<string, number>, limitMs: number): void {
  for (const [subject, atMs] of actedAtMs) {
    if (atMs > limitMs) {
      return;
    }
    actedAtMs.delete(subject);
  }
}
