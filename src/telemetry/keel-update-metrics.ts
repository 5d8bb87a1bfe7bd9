/** Keel's metrics of what is followed and updated under Keel's own names. */
import { Counter, Gauge, type Registry } from 'prom-client';

const asKeel = 'as Keel counts them';

export const keelUpdateDefinitions = {
  registriesScanned: {
    name: 'registries_scanned_total',
    type: 'counter',
    help: `Lists of tags that were read, ${asKeel}.`,
    labels: ['registry', 'image'],
  },
  trackedImages: {
    name: 'poll_trigger_tracked_images',
    type: 'gauge',
    help: `Image sources of Apps that look by themselves, ${asKeel}.`,
    labels: [],
  },
  versionedUpdates: {
    name: 'kubernetes_versioned_updates_total',
    type: 'counter',
    help: `Workloads that were set to another tag, ${asKeel}; kubernetes is namespace/name.`,
    labels: ['kubernetes'],
  },
  unversionedUpdates: {
    name: 'kubernetes_unversioned_updates_total',
    type: 'counter',
    help: `Workloads that were set to another digest of the same tag, ${asKeel}; kubernetes is namespace/name.`,
    labels: ['kubernetes'],
  },
  helmVersionedUpdates: {
    name: 'helm3_versioned_updates_total',
    type: 'counter',
    help: `Helm releases that were upgraded to another version, ${asKeel}; chart is namespace/release.`,
    labels: ['chart'],
  },
  helmUnversionedUpdates: {
    name: 'helm3_unversioned_updates_total',
    type: 'counter',
    help: `Helm releases that were upgraded without one, ${asKeel}; chart is namespace/release.`,
    labels: ['chart'],
  },
} as const;

export interface KeelUpdateMetrics {
  countScan(registry: string, image: string): void;
  /** An Update was applied to these, each named `namespace/name`. */
  countUpdate(kind: 'Kubernetes' | 'Helm', names: readonly string[], isVersioned: boolean): void;
  /** Says where the number of image sources that are polled is read when metrics are asked for. */
  observeTracked(count: () => number): void;
}

export function createKeelUpdateMetrics(registry: Registry): KeelUpdateMetrics {
  const registers = [registry];
  const made = keelUpdateDefinitions;
  const counterOf = <L extends string>({ name, help, labels }: { name: string; help: string; labels: readonly L[] }) =>
    new Counter({ name, help, labelNames: [...labels], registers });
  const scans = counterOf(made.registriesScanned);
  const kubernetes = { versioned: counterOf(made.versionedUpdates), unversioned: counterOf(made.unversionedUpdates) };
  const helm = { versioned: counterOf(made.helmVersionedUpdates), unversioned: counterOf(made.helmUnversionedUpdates) };
  let tracked = () => 0;
  new Gauge({
    name: made.trackedImages.name,
    help: made.trackedImages.help,
    registers,
    collect() {
      this.set(tracked());
    },
  });
  return {
    countScan: (host, image) => scans.inc({ registry: host, image }),
    countUpdate(kind, names, isVersioned) {
      const way = isVersioned ? 'versioned' : 'unversioned';
      const count = {
        Kubernetes: (name: string) => kubernetes[way].inc({ kubernetes: name }),
        Helm: (name: string) => helm[way].inc({ chart: name }),
      };
      names.forEach(count[kind]);
    },
    observeTracked(count) {
      tracked = count;
    },
  };
}
