/** One pass over one App: check it, say how it stands, start an Update where one is due. */
import { isDeepStrictEqual } from 'node:util';
import { waitingReasons } from '../core/waiting.ts';
import { type AppCheck, type CheckContext, checkApp, memoryKey } from '../engine/check/check-app.ts';
import { startUpdate, trimHistory } from '../engine/update/start-update.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import { appStatusOf } from '../resources/app-status.ts';
import type { AppObjectWire } from '../resources/decode-app.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { holdOn, type KeepUpContext, keepUp, takeDown } from './keep-up.ts';

export interface AppControllerContext extends CheckContext, KeepUpContext {
  readonly metrics: Metrics;
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
    forgetMetrics(context.metrics, { namespace, app: name });
    context.memory.forget(memoryKey({ namespace, name }));
    context.checks.forget(memoryKey({ namespace, name }));
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
  const check = await keepUp(context, app, looked, signal);
  const written = await writeStatus(context, app, check, signal);
  observe(context.metrics, written, check);
  if (check.start && check.survey) {
    context.assertLeading();
    await startUpdate(context, written, { changes: check.start, survey: check.survey }, signal);
  }
  await trimHistory(context, app, app.spec.historyLimit ?? defaultHistoryLimit, signal);
  return nextPass(context, check);
}

const defaultHistoryLimit = 20;

/** Written before an Update is started, because a running Update trusts what the App says is available. */
async function writeStatus(
  context: AppControllerContext,
  app: AppObjectWire,
  check: AppCheck,
  signal: AbortSignal,
): Promise<AppObjectWire> {
  const status = appStatusOf(app, { ...check, workloads: check.survey?.objects ?? [] }, context.clock.now());
  return isDeepStrictEqual(app.status, status) || saysEnough(app, status)
    ? app
    : await context.records.writeAppStatus(app, status, signal);
}

/**
 * While an Update of many objects is under way, each of them would change what the App says of itself. Only what the Update itself asks
 * of the App is written then: which version is available.
 */
function saysEnough({ spec, status }: AppObjectWire, next: NonNullable<AppObjectWire['status']>): boolean {
  const isUnderWay = [status, next].every((one) => one?.waiting?.reason === 'UpdateInProgress');
  const offers = (one: typeof status) =>
    (one?.sources ?? []).flatMap(({ name, available }) => (available ? [[name, available]] : []));
  const isNewer = offers(next).some((offer) => !offers(status).some((known) => isDeepStrictEqual(known, offer)));
  return spec.deploy.manifests !== undefined && isUnderWay && status?.update === next.update && !isNewer;
}

function nextPass(context: AppControllerContext, check: AppCheck): ReconcileResult {
  const times = [check.nextCheckAt, check.state.kind === 'Held' ? check.state.until : undefined];
  const due = times.filter((time) => time !== undefined).map((time) => time.getTime() - context.clock.now().getTime());
  return due.length === 0 ? {} : { requeueAfterMs: Math.max(0, Math.min(...due)) + 1 };
}

function observe(metrics: Metrics, app: AppObjectWire, check: AppCheck): void {
  const labels = { namespace: app.metadata.namespace, app: app.metadata.name };
  forgetMetrics(metrics, labels);
  metrics.appWaiting.set({ ...labels, reason: app.status?.waiting?.reason ?? 'Unknown' }, 1);
  if (check.nextCheckAt) {
    metrics.appNextCheck.set(labels, check.nextCheckAt.getTime() / 1_000);
  }
}

function forgetMetrics(metrics: Metrics, labels: { readonly namespace: string; readonly app: string }): void {
  for (const reason of waitingReasons) {
    metrics.appWaiting.remove({ ...labels, reason });
  }
  metrics.appNextCheck.remove(labels);
}
