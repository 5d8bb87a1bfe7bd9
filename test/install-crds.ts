/** The product's kinds in a test's API server. */
import { crdOf } from '../src/resources/crd.ts';
import { crdName } from '../src/resources/kind.ts';
import { kinds } from '../src/resources/kinds.ts';
import type { AdminClient } from './cluster/admin-client.ts';
import { waitUntil } from './cluster/wait-until.ts';

const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const timeoutMs = 20_000;

/** Applies every CRD and returns when the API server serves its kind. */
export async function installCrds(client: AdminClient): Promise<void> {
  for (const kind of kinds) {
    await client.apply(`${collection}/${crdName(kind)}`, crdOf(kind));
  }
  for (const kind of kinds) {
    const path = `/apis/${kind.group}/${kind.version}/${kind.plural}`;
    await waitUntil(`GET ${path}`, timeoutMs, async () => (await client.send('GET', path)).status === 200);
  }
}
