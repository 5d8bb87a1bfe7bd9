/** Answers of registries that several Apps share; what one is told wakes the others. */
import { type ObservedSharedRegistry, shareRegistry } from '../../adapters/registry/shared-registry.ts';
import { topicOfImage } from '../../core/webhook/topics.ts';
import type { CheckMemory } from '../../engine/check/check-memory.ts';
import type { Registry } from '../../engine/ports/registry.ts';
import type { Clock } from '../../kube/clock.ts';
import { keyOf } from '../../kube/objects.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Caches } from '../caches.ts';
import type { Wake } from '../wake-later.ts';
import { countScans } from './counted-registry.ts';

export interface Sharers {
  readonly caches: Pick<Caches, 'apps'>;
  readonly memory: Pick<CheckMemory, 'hint'>;
  readonly wake: Pick<Wake, 'app'>;
}

export function shareAnswers(
  { registry, clock, metrics }: { readonly registry: Registry; readonly clock: Clock; readonly metrics: Metrics },
  { caches, memory, wake }: Sharers,
): ObservedSharedRegistry {
  const shared = shareRegistry(countScans(registry, metrics.keel), {
    clock,
    onNews: (repository) => {
      for (const key of caches.apps.listBy(topicOfImage(repository)).map(keyOf)) {
        memory.hint(key);
        wake.app(key);
      }
    },
  });
  metrics.registries.observeRepositories(() => shared.repositories);
  return shared;
}
