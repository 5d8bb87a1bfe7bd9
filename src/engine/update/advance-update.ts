/**
 * Takes one Update as far as it goes right now: asks `nextStep`, does it, writes the journal, asks again. Where it has
 * to wait it returns at once; the wait is written in the journal and no worker is held.
 */
import { invariant } from '../../core/errors.ts';
import type { Journal } from '../../core/update/journal.ts';
import { nextStep, type UpdateSettings } from '../../core/update/next-step.ts';
import { waitingFor } from '../../core/update/transitions.ts';
import type { Waiting } from '../../core/waiting.ts';
import { journalOf, type UpdateObjectWire } from '../../resources/decode-update.ts';
import { observe, watcherOf } from './observe.ts';
import { clearWay, type PerformContext, performStep, specOf } from './perform-step.ts';
import type { StepListener } from '../ports/step-listener.ts';

export interface UpdateContext extends PerformContext {
  readonly listener: StepListener;
  /** Throws LEASE_LOST when another replica may be at work by now; asked before each side effect. */
  readonly assertLeading: () => void;
}

export type Advance = { readonly kind: 'Ended' } | { readonly kind: 'Waiting'; readonly until: Date | undefined };

/** More steps than any Update has; a loop past it is a broken decision. */
const maxStepsAtOnce = 32;

/** Settings for an Update whose App cannot be read any more; the same as the defaults of the App. */
const fallbackSettings: UpdateSettings = { timeoutMs: 300_000, stableForMs: 30_000 };

/**
 * Advances an Update until it waits or has ended.
 *
 * @throws API_CONFLICT when somebody else wrote the Update: read it again; other errors of the API server
 */
export async function advanceUpdate(
  context: UpdateContext,
  found: UpdateObjectWire,
  signal: AbortSignal,
): Promise<Advance> {
  let update = found;
  for (let count = 0; count < maxStepsAtOnce; count += 1) {
    signal.throwIfAborted();
    const journal = journalOf(update, context.clock.now());
    const seen = await observe(context, update, journal, signal);
    const step = nextStep(journal, seen, settingsOf(context, update), context.clock.now());
    if (step === undefined) {
      context.workloads.unwatchPods(watcherOf(update));
      return { kind: 'Ended' };
    }
    context.assertLeading();
    if (step.kind === 'Wait') {
      const waiting = await clearWay(context, seen.blockingPods, step.waiting, signal);
      return await wait(context, update, { journal, waiting }, signal);
    }
    const result = await performStep(context, update, { journal, step }, signal);
    if (result.kind === 'Refused') {
      return await wait(context, update, { journal, waiting: result.waiting }, signal);
    }
    update = await context.records.writeJournal(update, result.journal, signal);
    context.listener.stepDone(update, step.kind, result.journal);
  }
  const { namespace, name } = found.metadata;
  invariant(false, `advance Update ${namespace}/${name}: took more than ${maxStepsAtOnce} steps at once`);
}

/** The wait is written only when it is another one than before. */
async function wait(
  context: UpdateContext,
  update: UpdateObjectWire,
  { journal, waiting }: { readonly journal: Journal; readonly waiting: Waiting },
  signal: AbortSignal,
): Promise<Advance> {
  const before = journal.waiting;
  if (before?.reason !== waiting.reason || before.message !== waiting.message) {
    await context.records.writeJournal(update, waitingFor(journal, waiting), signal);
  }
  return { kind: 'Waiting', until: waiting.until };
}

function settingsOf(context: UpdateContext, update: UpdateObjectWire): UpdateSettings {
  return specOf(context, update)?.update ?? fallbackSettings;
}
