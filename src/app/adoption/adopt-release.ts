/** `headgate adopt`: the App of an installed Helm release, from the `keel:` block of its values. */
import { ClusterHelmReleases } from '../../adapters/cluster/helm-releases.ts';
import { readKeelValues } from '../../core/adopt/keel-values.ts';
import { OperationError } from '../../core/errors.ts';
import { mergeValues } from '../../core/helm/values.ts';
import { createKubeClient } from '../../kube/client.ts';
import { adoptedReleaseOf } from '../../resources/app/adopted-release.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import { invalidObject } from '../../resources/decode.ts';
import { group, version } from '../../resources/schema-parts.ts';
import { type ConnectionOptions, loadConnection } from '../config.ts';
import { adoptionSettings } from './adoption-settings.ts';

export interface ReleaseApp {
  readonly apiVersion: string;
  readonly kind: 'App';
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: AppSpecWire;
}

export interface AdoptReleaseSettings extends ConnectionOptions {
  readonly release: string;
  /** Undefined: that of the context. */
  readonly namespace: string | undefined;
  readonly insecureRegistries: readonly string[];
}

/**
 * Reads the newest revision that was deployed; changes nothing.
 *
 * @throws TARGET_NOT_FOUND without such a release or block, OBJECT_INVALID naming what is wrong with the block, HELM_RELEASE_INVALID
 */
export async function adoptRelease(settings: AdoptReleaseSettings, signal: AbortSignal): Promise<ReleaseApp> {
  const config = await loadConnection(settings);
  const client = createKubeClient(config);
  const release = { namespace: settings.namespace ?? config.namespace ?? 'default', name: settings.release };
  const what = `Helm release ${release.namespace}/${release.name}`;
  try {
    const nobody = () => undefined;
    const releases = new ClusterHelmReleases({ client, onChange: nobody, onError: nobody, signal });
    const revisions = await releases.read(release, signal);
    const deployed = revisions.find(({ status }) => status === 'deployed');
    const stored = deployed && (await releases.open(release, deployed, signal));
    if (!stored) {
      throw notFound(`${what}: there is no deployed revision; correct the name or the namespace`);
    }
    const { keel } = adoptionSettings(undefined);
    const adoption = readKeelValues(mergeValues(stored.chart.values, stored.values), keel);
    if (!adoption) {
      throw notFound(`${what}: its values have no keel: block with a policy, so that Keel leaves it alone`);
    }
    if (adoption.problems.length > 0) {
      throw invalidObject(what, adoption.problems);
    }
    const { metadata, spec } = adoptedReleaseOf(release, adoption, settings.insecureRegistries);
    // Without the label of those that the controller makes and removes: this one is a person's.
    const { namespace, name } = metadata;
    return { apiVersion: `${group}/${version}`, kind: 'App', metadata: { namespace, name }, spec };
  } finally {
    await client.close();
  }
}

function notFound(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}
