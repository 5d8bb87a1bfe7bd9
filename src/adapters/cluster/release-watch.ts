/** Fulfils the engine's AdoptableReleases: all Helm releases of the namespaces looked after, by the metadata of their Secrets. */
import type { OperationError } from '../../core/errors.ts';
import { sortRevisions } from '../../core/helm/release.ts';
import { mergeValues } from '../../core/helm/values.ts';
import type { AdoptableReleases, DeployedRelease } from '../../engine/ports/adoptable-releases.ts';
import type { HelmReleases, ReleaseKey } from '../../engine/ports/helm.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { revisionOf } from './helm-secret.ts';
import { untilAborted } from './until-aborted.ts';

export interface ReleaseWatchOptions {
  readonly client: KubeClient;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly releases: Pick<HelmReleases, 'open'>;
  /** A release was installed, changed or removed. */
  readonly onChange: (release: ReleaseKey) => void;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

export class ReleaseWatch implements AdoptableReleases {
  readonly #options: ReleaseWatchOptions;
  readonly #informers: readonly Informer<KubeObject>[];

  /** Starts to watch at once. */
  constructor(options: ReleaseWatchOptions) {
    this.#options = options;
    const namespaces = options.namespaces.length === 0 ? [undefined] : options.namespaces;
    this.#informers = namespaces.map((namespace) => watch(options, namespace));
  }

  get synced(): Promise<void> {
    return Promise.all(this.#informers.map(({ synced }) => synced)).then(() => undefined);
  }

  async find(release: ReleaseKey, signal: AbortSignal): Promise<DeployedRelease> {
    await untilAborted(this.synced, signal);
    const found = this.#informers.flatMap(({ store }) => store.byIndex('release', indexOf(release)));
    const revisions = sortRevisions(found.map(revisionOf).filter((revision) => revision !== undefined));
    const [newest] = revisions;
    if (newest === undefined || newest.status === 'uninstalled' || newest.status === 'uninstalling') {
      return { kind: 'Absent' };
    }
    const deployed = revisions.find(({ status }) => status === 'deployed');
    const stored = deployed && (await this.#options.releases.open(release, deployed, signal));
    return stored === undefined
      ? { kind: 'Unsettled' }
      : { kind: 'Deployed', values: mergeValues(stored.chart.values, stored.values) };
  }
}

function watch({ client, onChange, onError, signal }: ReleaseWatchOptions, namespace: string | undefined) {
  return startInformer<KubeObject>({
    client,
    type: secrets,
    ...(namespace !== undefined && { namespace }),
    labelSelector: 'owner=helm',
    metadataOnly: true,
    indexers: { release: (object) => releaseOf(object).map(indexOf) },
    onChange: (object) => releaseOf(object).forEach(onChange),
    onError,
    signal,
  });
}

function releaseOf({ metadata }: KubeObject): readonly ReleaseKey[] {
  const name = metadata.labels?.['name'];
  return name === undefined ? [] : [{ namespace: metadata.namespace ?? '', name }];
}

function indexOf({ namespace, name }: ReleaseKey): string {
  return `${namespace}/${name}`;
}
