/** Fulfils the engine's HelmReleases with the Secrets of the cluster. */
import { isOperationError, type OperationError } from '../../core/errors.ts';
import { type Revision, sortRevisions } from '../../core/helm/release.ts';
import type { StoredRelease } from '../../core/helm/stored-release.ts';
import type { HelmReleases, ReleaseKey } from '../../engine/ports/helm.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Informer, startInformer } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';
import { type HelmSecret, openSecret, revisionOf, stampOf, withStatus } from './helm-secret.ts';
import { untilAborted } from './until-aborted.ts';

export interface ClusterHelmReleasesOptions {
  readonly client: KubeClient;
  /** A release changed in its storage. */
  readonly onChange: (release: ReleaseKey) => void;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

const owner = 'owner=helm';
/** Opened revisions that are kept: the newest of each release is asked for again and again. */
const maxOpened = 200;

export class ClusterHelmReleases implements HelmReleases {
  readonly #options: ClusterHelmReleasesOptions;
  readonly #informers = new Map<string, Informer<KubeObject>>();
  readonly #opened = new Map<string, StoredRelease>();

  constructor(options: ClusterHelmReleasesOptions) {
    this.#options = options;
  }

  async list({ namespace, name }: ReleaseKey, signal: AbortSignal): Promise<readonly Revision[]> {
    const informer = this.#informers.get(namespace) ?? this.#watch(namespace);
    await untilAborted(informer.synced, signal);
    return revisionsIn(informer.store.byIndex('release', name));
  }

  async read({ namespace, name }: ReleaseKey, signal: AbortSignal): Promise<readonly Revision[]> {
    const labelSelector = `${owner},name=${name}`;
    const { items } = await this.#options.client.list(secrets, {
      namespace,
      labelSelector,
      metadataOnly: true,
      signal,
    });
    return revisionsIn(items);
  }

  async open(release: ReleaseKey, revision: Revision, signal: AbortSignal): Promise<StoredRelease | undefined> {
    const known = this.#opened.get(revision.stamp);
    if (known) {
      return known;
    }
    const key = secretKey(release, revision.number);
    const secret = await this.#options.client.find<HelmSecret>(secrets, key, { signal });
    return secret && this.#keep(stampOf(secret), await openSecret(secret));
  }

  async unlock(release: ReleaseKey, revision: number, reason: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const secret = await client.find<HelmSecret>(secrets, secretKey(release, revision), { signal });
    if (!secret) {
      return;
    }
    try {
      await client.replace(secrets, await withStatus(secret, 'failed', reason), { signal });
    } catch (error) {
      // Helm wrote it meanwhile: it is alive after all, and what it wrote counts.
      if (!isOperationError(error, 'API_CONFLICT')) {
        throw error;
      }
    }
  }

  #keep(stamp: string, opened: StoredRelease): StoredRelease {
    const [oldest] = this.#opened.keys();
    if (this.#opened.size >= maxOpened && oldest !== undefined) {
      this.#opened.delete(oldest);
    }
    this.#opened.set(stamp, opened);
    return opened;
  }

  #watch(namespace: string): Informer<KubeObject> {
    const { client, onChange, onError, signal } = this.#options;
    const informer = startInformer<KubeObject>({
      client,
      type: secrets,
      namespace,
      labelSelector: owner,
      metadataOnly: true,
      indexers: { release: (object) => [object.metadata.labels?.['name'] ?? ''] },
      onChange: (object) => {
        const name = object.metadata.labels?.['name'];
        if (name !== undefined) {
          onChange({ namespace, name });
        }
      },
      onError,
      signal,
    });
    this.#informers.set(namespace, informer);
    return informer;
  }
}

function revisionsIn(objects: readonly KubeObject[]): readonly Revision[] {
  return sortRevisions(objects.map(revisionOf).filter((revision) => revision !== undefined));
}

function secretKey({ namespace, name }: ReleaseKey, revision: number) {
  return { namespace, name: `sh.helm.release.v1.${name}.v${revision}` };
}
