/** The product's kinds in a test's API server. */
import type { KubeClient } from '../src/kube/client.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { customResourceDefinitions } from '../src/kube/resource-types.ts';
import { crdOf } from '../src/resources/crd.ts';
import { crdName } from '../src/resources/kind.ts';
import { kinds } from '../src/resources/kinds.ts';
import { waitUntil } from './cluster/wait-until.ts';

const timeoutMs = 20_000;

/** Applies every CRD and returns when the API serves its kind. Harmless to repeat, also at the same time by several tests. */
export async function installCrds(client: KubeClient): Promise<void> {
  for (const kind of kinds) {
    const key = { namespace: '', name: crdName(kind) };
    const options = { fieldManager: 'test', force: true };
    await client.patch<KubeObject>(customResourceDefinitions, key, { kind: 'apply', body: crdOf(kind) }, options);
  }
  for (const kind of kinds) {
    await waitUntil(`the API serves ${crdName(kind)}`, timeoutMs, async () => {
      const [answer] = await Promise.allSettled([client.list({ ...kind, namespaced: true })]);
      return answer?.status === 'fulfilled';
    });
  }
}
