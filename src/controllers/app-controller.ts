/** One pass over one App: check it, say how it stands, start an Update where one is due. */
import type { VersionChange } from '../core/update/version-change.ts';
import type { AppCheck, CheckContext } from '../engine/check/app-check.ts';
import { checkApp } from '../engine/check/check-app.ts';
import { memoryKey } from '../engine/check/check-memory.ts';
import { stateOfOpen } from '../engine/check/weigh-findings.ts';
import type { CheckpointContext } from '../engine/checkpoint/checkpoint-context.ts';
import { retainCheckpoints } from '../engine/checkpoint/retain-checkpoints.ts';
import { startUpdate, trimHistory } from '../engine/update/start-update.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import type { AppGauges } from './app-gauges.ts';
import type { AppWords } from './app-words.ts';
import { holdOn, type KeepUpContext, keepUp, takeDown } from './keep-up.ts';

export interface AppControllerContext extends CheckContext, KeepUpContext, CheckpointContext {
  readonly gauges: AppGauges;
  readonly words: AppWords;
}

/** @throws errors of the API server; what is wrong with the App or its registries is written to its status instead */
export async function reconcileApp(
  context: AppControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { namespace, name } = parseKey(key);
  const app = context.records.findApp(namespace, name);
  if (!app || app.metadata.deletionTimestamp !== undefined) {
    context.gauges.forget(key, { namespace, name });
    context.memory.forget(memoryKey({ namespace, name }));
    context.checks.forget(memoryKey({ namespace, name }));
    context.words.forget(key);
    const retryMs = app && (await takeDown(context, app, signal));
    for (const deployer of Object.values(context.deployers)) {
      deployer.forget?.({ namespace, name });
    }
    return retryMs === undefined ? {} : { requeueAfterMs: retryMs };
  }
  await holdOn(context, app, signal);
  const looked = await checkApp(context, app, signal);
  if (!looked) {
    return {};
  }
  const begun = await startDue(context, app, await keepUp(context, app, looked, signal), signal);
  const told = await context.words.tellInTime(begun.app, begun.check, signal);
  context.gauges.tell(told.app, begun.check.nextCheckAt);
  await retainCheckpoints(context, app, signal);
  await trimHistory(context, app, app.spec.historyLimit ?? defaultHistoryLimit, signal);
  return nextPass(context, begun.check, told.againMs);
}

const defaultHistoryLimit = 20;

interface Begun {
  readonly app: AppObjectWire;
  readonly check: AppCheck & { readonly isJustStarted?: boolean };
}

/** Starts the Update that the check asks for. What keeps it from being started is an error, but the App tells what it is about. */
async function startDue(
  context: AppControllerContext,
  app: AppObjectWire,
  check: AppCheck,
  signal: AbortSignal,
): Promise<Begun> {
  if (!check.start || !check.survey) {
    return { app, check };
  }
  // A running Update trusts what the App says is available, and would give way to another version that is still named there.
  const told = offersOther(app, check.start) ? await context.words.tell(app, check, signal) : app;
  try {
    context.assertLeading();
    const request = { changes: check.start, survey: check.survey, ...check.startedBy };
    const update = await startUpdate(context, told, request, signal);
    return update
      ? {
          app: told,
          check: { ...check, update: update.metadata.name, state: stateOfOpen(update), isJustStarted: true },
        }
      : { app: told, check };
  } catch (error) {
    await context.words.tell(told, check, signal);
    throw error;
  }
}

function offersOther({ status }: AppObjectWire, changes: readonly VersionChange[]): boolean {
  return (status?.sources ?? []).some(({ name, available }) => {
    const change = changes.find(({ source }) => source === name);
    return change !== undefined && available?.digest !== undefined && available.digest !== change.to.digest;
  });
}

function nextPass(context: AppControllerContext, check: AppCheck, againMs: number | undefined): ReconcileResult {
  const times = [check.nextCheckAt, check.state.kind === 'Held' ? check.state.until : undefined];
  const nowMs = context.clock.now().getTime();
  const due = times.flatMap((time) => (time === undefined ? [] : [time.getTime() - nowMs])).concat(againMs ?? []);
  return due.length === 0 ? {} : { requeueAfterMs: Math.max(0, Math.min(...due)) + 1 };
}
