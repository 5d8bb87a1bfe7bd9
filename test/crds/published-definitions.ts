/** Definitions of other products as they publish them, packed beside this file. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { KubeClient } from '../../src/kube/client.ts';
import { parseManifests } from '../../src/kube/manifest-text.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { customResourceDefinitions } from '../../src/kube/resource-types.ts';
import { waitUntil } from '../cluster/wait-until.ts';

/**
 * argo-rollouts: manifests/crds/analysis-template-crd.yaml; gateway-api: config/crd/standard/gateway.networking.k8s.io_httproutes.yaml;
 * external-snapshotter: client/config/crd;
 * prometheus-operator: example/prometheus-operator-crd, ServiceMonitor, PodMonitor and PrometheusRule;
 * velero: config/crd/v1/bases, Backup, BackupStorageLocation, Restore and DeleteBackupRequest, and config/crd/v2alpha1/bases, DataUpload.
 */
export type PublishedDefinitions =
  | 'argo-rollouts-1.8.3-analysis-template'
  | 'external-snapshotter-8.7.0'
  | 'gateway-api-1.4.0-http-route'
  | 'prometheus-operator-0.85.0'
  | 'velero-1.18.0';

interface Definition extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Puts them into the cluster and waits until they are served. Harmless to repeat. */
export async function installPublished(client: KubeClient, name: PublishedDefinitions): Promise<void> {
  const text = gunzipSync(readFileSync(new URL(`${name}.yaml.gz`, import.meta.url))).toString('utf8');
  for (const { name: definition, object: body } of parseManifests(text, name) ?? []) {
    const key = { namespace: '', name: definition };
    await client.patch(customResourceDefinitions, key, { kind: 'apply', body }, { force: true, fieldManager: 'test' });
    await waitUntil(`${key.name} is served`, 20_000, async () => {
      const { status } = await client.get<Definition>(customResourceDefinitions, key);
      return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') === true;
    });
  }
}
