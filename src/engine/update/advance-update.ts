/**
 * Takes one Update as far as it goes right now: asks `nextStep`, does it, writes the journal, asks again. Where it has
 * to wait it returns at once; the wait is written in the journal and no worker is held.
 */

import type { RunnableTest } from '../../core/app-test/app-test.ts';
import { invariant } from '../../core/errors.ts';
import type { Journal } from '../../core/update/journal.ts';
import { nextStep, type UpdateSettings } from '../../core/update/next-step.ts';
import { waitingFor } from '../../core/update/transitions.ts';
import type { Waiting } from '../../core/waiting.ts';
import { readAppSpec } from '../../resources/app/decode-app.ts';
import { journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { resolveTests } from '../app-test/resolve-tests.ts';
import type { Work } from '../deploy/deployer.ts';
import type { AnalysisTemplates } from '../ports/analysis-templates.ts';
import type { StepListener } from '../ports/step-listener.ts';
import { observe, type Sight } from './observe.ts';
import { clearWay, type PerformContext, performStep } from './perform-step.ts';

export interface UpdateContext extends PerformContext {
  readonly templates: AnalysisTemplates;
  readonly listener: StepListener;
  /** Throws LEASE_LOST when another replica may be at work by now; asked before each side effect. */
  readonly assertLeading: () => void;
}

interface Waits {
  readonly kind: 'Waiting';
  readonly until: Date | undefined;
}

export type Advance = { readonly kind: 'Ended' } | Waits;

/** More steps than any Update has; a loop past it is a broken decision. */
const maxStepsAtOnce = 32;

/** Settings for an Update whose App cannot be read any more; the same as the defaults of the App. */
const fallbackSettings: UpdateSettings = { timeoutMs: 300_000, stableForMs: 30_000, tests: undefined, data: 'Never' };

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
  let page: Page = { update: found, journal: journalOf(found, context.clock.now()), unwritten: [] };
  for (let count = 0; count < maxStepsAtOnce; count += 1) {
    signal.throwIfAborted();
    const work = workOn(context, page);
    const seen = await look(context, page, work, signal);
    const tests = await testsOf(context, work, signal);
    const step = nextStep(page.journal, seen, settingsOf(work, tests), context.clock.now());
    if (step === undefined) {
      page = await writeUnwritten(context, page, signal);
      release(context, page.update);
      return { kind: 'Ended' };
    }
    context.assertLeading();
    if (step.kind === 'Wait') {
      const waiting = await clearWay(seen.clearWay, step.waiting, signal);
      const waits = await wait(context, page, { waiting, journal: page.journal }, signal);
      return { ...waits, until: sooner(waits.until, step.lookAt) };
    }
    if (page.unwritten.length > 0 && !quietSteps.has(step.kind)) {
      page = await write(context, page, signal);
      continue;
    }
    const result = await performStep(context, { ...work, tests: tests ?? [] }, step, signal);
    if (result.kind === 'Waiting') {
      return await wait(context, page, result, signal);
    }
    page = await note(context, page, { step: step.kind, journal: result.journal }, signal);
  }
  const { namespace, name } = found.metadata;
  invariant(false, `advance Update ${namespace}/${name}: took more than ${maxStepsAtOnce} steps at once`);
}

/** An Update with what was done since it was written. */
interface Page {
  /** As it is written. */
  readonly update: UpdateObjectWire;
  readonly journal: Journal;
  readonly unwritten: readonly Done[];
}

interface Done {
  readonly step: string;
  readonly journal: Journal;
}

/**
 * Steps after which the next decision is made before the journal is written, so that both are one write. Each may be repeated
 * without harm should the process die before that.
 */
const openSteps: ReadonlySet<string> = new Set(['Apply', 'NoteHealthy', 'NoteUnhealthy']);

/** Steps that change nothing but the journal; before any other one, all that was done is written. */
const quietSteps: ReadonlySet<string> = new Set(['NoteHealthy', 'NoteUnhealthy', 'Condemn', 'Finish']);

async function note(context: UpdateContext, page: Page, done: Done, signal: AbortSignal): Promise<Page> {
  const next = { ...page, journal: done.journal, unwritten: [...page.unwritten, done] };
  return openSteps.has(done.step) ? next : await write(context, next, signal);
}

async function write(context: UpdateContext, page: Page, signal: AbortSignal): Promise<Page> {
  const update = await context.records.writeJournal(page.update, page.journal, signal);
  for (const { step, journal } of page.unwritten) {
    context.listener.stepDone(update, step, journal);
  }
  return { update, journal: journalOf(update, context.clock.now()), unwritten: [] };
}

async function writeUnwritten(context: UpdateContext, page: Page, signal: AbortSignal): Promise<Page> {
  return page.unwritten.length === 0 ? page : await write(context, page, signal);
}

/** What was done is written also where nobody can see what came of it. */
async function look(context: UpdateContext, page: Page, work: Work, signal: AbortSignal): Promise<Sight> {
  try {
    return await observe(context, work, signal);
  } catch (error) {
    await writeUnwritten(context, page, signal);
    throw error;
  }
}

/** Undefined while there is nothing to try yet. */
async function testsOf(
  { templates }: UpdateContext,
  work: Work,
  signal: AbortSignal,
): Promise<readonly RunnableTest[] | undefined> {
  return work.journal.phase === 'Testing' && work.spec ? await resolveTests(templates, work, signal) : undefined;
}

/** What a person goes back to was good before; a test that fails must not take them away from it. */
function settingsOf({ update, spec }: Work, tests: readonly RunnableTest[] | undefined): UpdateSettings {
  const settings = { ...(spec?.update ?? fallbackSettings), ...(tests && { tests }) };
  return update.spec.trigger.kind === 'Rollback' ? { ...settings, tests: [] } : settings;
}

function workOn(context: UpdateContext, { update, journal }: Page): Work {
  const app = context.records.findApp(update.metadata.namespace, update.spec.app);
  const read = app && readAppSpec(app);
  const spec = read?.kind === 'Valid' ? read.value : undefined;
  return { update, journal, spec };
}

/** Lets go of what was watched for an Update that has ended or is gone. */
export function release(
  {
    deployers,
    outerGates,
    probers,
    jobs,
    workloads,
  }: Pick<UpdateContext, 'deployers' | 'outerGates' | 'probers' | 'jobs' | 'workloads'>,
  update: { readonly metadata: { readonly namespace: string; readonly name: string } },
): void {
  outerGates.forget(`${update.metadata.namespace}/${update.metadata.name}`);
  for (const deployer of Object.values(deployers)) {
    deployer.release(update.metadata);
  }
  for (const prober of Object.values(probers)) {
    prober.release(update.metadata);
  }
  const watcher = `${update.metadata.namespace}/${update.metadata.name}`;
  jobs.unwatch(watcher);
  workloads.unwatchPods(watcher);
}

function sooner(until: Date | undefined, lookAt: Date | undefined): Date | undefined {
  return until === undefined || (lookAt !== undefined && lookAt < until) ? lookAt : until;
}

/** The wait is written only when it is another one than before, when more is known of the plan, or with what was done. */
async function wait(
  context: UpdateContext,
  page: Page,
  { journal, waiting }: { readonly journal: Journal; readonly waiting: Waiting },
  signal: AbortSignal,
): Promise<Waits> {
  const said = page.journal.waiting;
  const isNew = said?.reason !== waiting.reason || said.message !== waiting.message || journal !== page.journal;
  if (isNew || page.unwritten.length > 0) {
    await write(context, { ...page, journal: waitingFor(journal, waiting) }, signal);
  }
  return { kind: 'Waiting', until: waiting.until };
}
