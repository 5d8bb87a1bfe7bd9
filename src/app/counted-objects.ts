/** Metrics that are counted over the watched objects when somebody asks. */
import type { Rejection } from '../core/app/rejection.ts';
import type { Clock } from '../kube/clock.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import type { DrillStatusWire } from '../resources/checkpoint/drill.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import { openAnywhere } from '../resources/update/update-topics.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ObjectRow, objectDefinitions } from '../telemetry/object-metrics.ts';
import type { Caches } from './caches.ts';

/** They are told by the replica that leads alone, or they would be counted once for each. */
export function countObjects(
  { gates, keel, objects }: Metrics,
  { apps, updates, rejections }: Pick<Caches, 'apps' | 'updates' | 'rejections'>,
  { isLeading, clock }: { readonly isLeading: () => boolean; readonly clock: Clock },
): void {
  gates.observePending(() => (isLeading() ? pendingReasons(updates.listBy(openAnywhere)) : []));
  keel.observeTracked(() => (isLeading() ? polledImages(apps.listAll()) : 0));
  const readers: Readonly<Record<keyof typeof objectDefinitions, () => readonly ObjectRow[]>> = {
    appLag: () => lagsOf(apps.listAll(), clock.now()),
    appCurrent: () => newestOf(updates.listAll(), timePutInPlace),
    checkpointTime: () => newestOf(updates.listAll(), timeOfCheckpoint),
    checkpointSize: () => sizesOf(updates.listAll()),
    drillTime: () => drillsOf(apps.listAll(), (drill) => (drill.step === 'Ended' ? drill.finishedAt : undefined)),
    drillSuccess: () => drillsOf(apps.listAll(), (drill) => drill.lastPassedAt),
    rejections: () => rejectionsOf(rejections.listAll(), clock.now()),
  };
  objects.observe((name) => (isLeading() ? readers[name]() : []));
}

/** Of each Update that has not begun. */
function pendingReasons(updates: readonly UpdateObjectWire[]): readonly string[] {
  const pending = updates.filter(({ status }) => (status?.phase ?? 'Pending') === 'Pending');
  return pending.map(({ status }) => status?.waiting?.reason ?? 'Unknown');
}

/** Image sources that are looked at without a webhook. */
function polledImages(apps: readonly AppObjectWire[]): number {
  const polled = apps.filter(({ spec }) => spec.trigger !== 'Webhook');
  return polled.reduce((sum, { spec }) => sum + spec.sources.filter(({ image }) => image !== undefined).length, 0);
}

function lagsOf(apps: readonly AppObjectWire[], now: Date): readonly ObjectRow[] {
  return apps.map(({ metadata: { namespace, name }, status }) => {
    const since = status?.availableSince;
    const value = since === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(since)) / 1_000;
    return { namespace, app: name, value };
  });
}

/** For each App the newest of the times, in seconds. */
function newestOf(
  updates: readonly UpdateObjectWire[],
  timeOf: (update: UpdateObjectWire) => string | undefined,
): readonly ObjectRow[] {
  return [...newestByApp(updates, timeOf)].map((update) => ({
    namespace: update.metadata.namespace,
    app: update.spec.app,
    value: Date.parse(timeOf(update) ?? '') / 1_000,
  }));
}

function sizesOf(updates: readonly UpdateObjectWire[]): readonly ObjectRow[] {
  return [...newestByApp(updates, timeOfCheckpoint)].flatMap(({ metadata: { namespace }, spec, status }) => {
    const size = status?.checkpoint?.sizeBytes;
    return size === undefined ? [] : [{ namespace, app: spec.app, value: size }];
  });
}

function newestByApp(
  updates: readonly UpdateObjectWire[],
  timeOf: (update: UpdateObjectWire) => string | undefined,
): Iterable<UpdateObjectWire> {
  const newest = new Map<string, UpdateObjectWire>();
  for (const update of updates) {
    const key = `${update.metadata.namespace}/${update.spec.app}`;
    const before = newest.get(key);
    const time = timeOf(update);
    if (time !== undefined && (before === undefined || time > (timeOf(before) ?? ''))) {
      newest.set(key, update);
    }
  }
  return newest.values();
}

function timePutInPlace({ status }: UpdateObjectWire): string | undefined {
  return status?.phase === 'Succeeded' ? status.finishedAt : undefined;
}

function timeOfCheckpoint({ status }: UpdateObjectWire): string | undefined {
  return status?.checkpoint?.state === 'Completed' ? status.checkpoint.finishedAt : undefined;
}

function drillsOf(
  apps: readonly AppObjectWire[],
  timeOf: (drill: DrillStatusWire) => string | undefined,
): readonly ObjectRow[] {
  return apps.flatMap(({ metadata: { namespace, name }, status }) => {
    const time = status?.drill && timeOf(status.drill);
    return time === undefined ? [] : [{ namespace, app: name, value: Date.parse(time) / 1_000 }];
  });
}

/** Those that have expired hold no more. */
function rejectionsOf(rejections: readonly Rejection[], now: Date): readonly ObjectRow[] {
  const held = rejections.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  const counts = Map.groupBy(held, ({ namespace }) => namespace);
  return [...counts].map(([namespace, ones]) => ({ namespace, value: ones.length }));
}
