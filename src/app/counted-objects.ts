/** Metrics that are counted over the watched objects when somebody asks. */
import type { AppObjectWire } from '../resources/decode-app.ts';
import type { UpdateObjectWire } from '../resources/decode-update.ts';
import { openAnywhere } from '../resources/update-topics.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Caches } from './caches.ts';

/** They are told by the replica that leads alone, or they would be counted once for each. */
export function countObjects(
  { gates, keel }: Metrics,
  { apps, updates }: Pick<Caches, 'apps' | 'updates'>,
  isLeading: () => boolean,
): void {
  gates.observePending(() => (isLeading() ? pendingReasons(updates.listBy(openAnywhere)) : []));
  keel.observeTracked(() => (isLeading() ? polledImages(apps.listAll()) : 0));
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
