/** (a): 2,000 objects put in place: by bare requests, by Headgate's apply engine, by kubectl. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createObjectAccess } from '../../src/adapters/cluster/objects.ts';
import { createFolders } from '../../src/adapters/manifests/folders.ts';
import { createManifestRenderer } from '../../src/adapters/manifests/renderer.ts';
import { makeDesiredSet } from '../../src/core/manifest/desired-set.ts';
import { toInventory } from '../../src/core/manifest/inventory.ts';
import { applyObjects } from '../../src/engine/deploy/manifests/apply-objects.ts';
import type { ObjectResult } from '../../src/engine/deploy/manifests/object-result.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createDiscovery } from '../../src/kube/discovery.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { namespaces } from '../../src/kube/resource-types.ts';
import { locateTools } from '../../test/cluster/binaries.ts';
import type { ControlPlane } from '../../test/cluster/control-plane.ts';
import { serviceCount, serviceObjects, writeServices } from './service-objects.ts';
import { type ApplyBench, inParallel, timed, withPlane } from './stage.ts';

const run = promisify(execFile);
const never = new AbortController().signal;

export async function measureFirstApply({ folder, note }: ApplyBench): Promise<void> {
  await withPlane({ keys: 'rsa2048' }, async (plane, client) => {
    const files = join(folder, 'objects');
    await writeServices(files, serviceCount);
    await applyBare(client, 'warm-up');
    const raw = await timed('bare parallel requests', () => applyBare(client, 'bare'));
    const engine = await applyWithEngine(client, files);
    const kubectl = await timed('kubectl, first', () => applyWithKubectl(plane, client, files));
    const again = await timed('kubectl, unchanged', () => applyWithKubectl(plane, client, files));
    note('first apply of 2,000 objects, share of bare requests', engine.firstMs / raw, 'ratio', 1.2);
    note('first apply of 2,000 objects, share of kubectl', engine.firstMs / kubectl, 'ratio', 1);
    note('2,000 objects unchanged: CPU', engine.unchangedCpuMs, 'ms', 100);
    note('2,000 objects unchanged, share of kubectl', engine.unchangedMs / again, 'ratio');
  });
}

async function applyBare(client: KubeClient, namespace: string): Promise<void> {
  await client.create(namespaces, { metadata: { name: namespace } });
  const paths: Readonly<Record<string, string>> = {
    ConfigMap: `/api/v1/namespaces/${namespace}/configmaps`,
    ServiceAccount: `/api/v1/namespaces/${namespace}/serviceaccounts`,
    Service: `/api/v1/namespaces/${namespace}/services`,
    Deployment: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  };
  const bodies = Array.from(
    { length: serviceCount },
    (_, index) => serviceObjects(index) as readonly KubeObject[],
  ).flat();
  await inParallel(bodies, async (body) => {
    await client.request({
      what: 'bare request',
      method: 'PATCH',
      path: `${paths[body.kind]}/${body.metadata.name}`,
      query: { fieldManager: 'bench', fieldValidation: 'Strict' },
      contentType: 'application/apply-patch+yaml',
      body,
    });
  });
}

async function applyWithEngine(client: KubeClient, files: string) {
  await client.create(namespaces, { metadata: { name: 'engine' } });
  const cluster = createObjectAccess({ client, discovery: createDiscovery({ client }), clock: systemClock }).actingAs(
    undefined,
  );
  const folders = createFolders({ root: files });
  const renderer = createManifestRenderer({ kubectl: 'kubectl', sops: 'sops', path: '' });
  let results: readonly ObjectResult[] = [];
  const pass = async () => {
    const read = await renderer.render({ tree: await folders.readTree('', never), path: '' }, never);
    const scopeOf = await cluster.scopesOf(read, never);
    const { objects } = makeDesiredSet({ read, scopeOf, defaultNamespace: 'engine' });
    const inventory = toInventory(results.flatMap((result) => ('entry' in result ? [result.entry] : [])));
    results = await applyObjects(cluster, { objects, inventory, conflicts: 'Fail' }, never);
    const failed = results.filter(({ kind }) => kind === 'Failed');
    if (failed.length > 0) {
      throw new Error(`${failed.length} objects failed`);
    }
  };
  const firstMs = await timed('engine, first', pass);
  await pass();
  const before = process.cpuUsage();
  const unchangedMs = await timed('engine, unchanged', pass);
  const { user, system } = process.cpuUsage(before);
  return { firstMs, unchangedMs, unchangedCpuMs: (user + system) / 1_000 };
}

async function applyWithKubectl(plane: ControlPlane, client: KubeClient, files: string): Promise<void> {
  const { kubectl } = await locateTools(['kubectl']);
  const name = 'kubectl';
  if ((await client.find(namespaces, { namespace: '', name })) === undefined) {
    await client.create(namespaces, { metadata: { name } });
  }
  const flags = ['--kubeconfig', plane.kubeconfigPath, '-n', name];
  await run(kubectl, [...flags, 'apply', '--server-side', '--validate=false', '-f', files], { maxBuffer: 2 ** 26 });
}
