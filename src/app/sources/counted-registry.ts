import type { Registry } from '../../engine/ports/registry.ts';
import type { KeelUpdateMetrics } from '../../telemetry/keel-update-metrics.ts';

/** Counts the lists of tags that are really asked for, below the answers that Apps share. */
export function countScans(registry: Registry, keel: Pick<KeelUpdateMetrics, 'countScan'>): Registry {
  return {
    listTags(repository, access, signal) {
      keel.countScan(repository.registry, repository.path);
      return registry.listTags(repository, access, signal);
    },
    findDigest: (repository, tag, access, signal) => registry.findDigest(repository, tag, access, signal),
    findImage: (repository, tagOrDigest, access, signal) => registry.findImage(repository, tagOrDigest, access, signal),
  };
}
