/** The page on keeping Headgate's own objects, followed: what is kept in one namespace of a cluster comes back after it was lost. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { apps, type ProductObject, rejections, updates } from '../src/adapters/cluster/kinds.ts';
import { locateTools } from './cluster/binaries.ts';
import { outputOf } from './cluster/run-command.ts';
import { connectTo, createNamespace } from './kube/server-fixtures.ts';

const page = readFileSync(new URL('../docs/operate/backup-of-headgate.md', import.meta.url), 'utf8');

/** The commands of a section, for one namespace: the cluster of the tests has those of others as well. */
function commandsOf(title: string, namespace: string): string {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const [, block] = /^```sh\n(.*?)^```/ms.exec(section) ?? [];
  return (block ?? 'false # no commands on the page').replace('--all-namespaces', `--namespace ${namespace}`);
}

test('Apps and Rejections come back as they were, Updates do not', async ({ onTestFinished }) => {
  const kubeconfig = inject('kubeconfig');
  const client = await connectTo(kubeconfig);
  const namespace = await createNamespace(client);
  const folder = await mkdtemp(join(tmpdir(), 'backup-'));
  onTestFinished(async () => {
    await client.close();
    await rm(folder, { recursive: true });
  });
  const { kubectl } = await locateTools(['kubectl']);
  const run = async (title: string) => {
    const path = `export PATH="${dirname(kubectl)}:$PATH" KUBECONFIG="${kubeconfig}"`;
    await writeFile(
      join(folder, 'run.sh'),
      `set -euo pipefail\n${path}\ncd "${folder}"\n${commandsOf(title, namespace)}`,
    );
    await outputOf('bash', [join(folder, 'run.sh')], 30_000);
  };
  const image = { repository: 'registry.example.com/web', policy: { semver: { range: '1.x' } } };
  const spec = {
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
  };
  const labels = { team: 'shop' };
  const app = await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web', labels }, spec });
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: app.metadata.uid ?? '' };
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'adopted', ownerReferences: [owner] },
    spec,
  });
  const digest = `sha256:${'a'.repeat(64)}`;
  const rejection = { app: 'web', digest, reason: 'it crashed', author: 'Update web-1' };
  await client.create<ProductObject>(rejections, { metadata: { namespace, name: 'web-a' }, spec: rejection });
  const version = (tag: string) => ({ tag, digest });
  await client.create<ProductObject>(updates, {
    metadata: { namespace, name: 'web-1' },
    spec: {
      app: 'web',
      sequence: 1,
      trigger: { kind: 'Source', by: 'headgate', reason: 'newer' },
      changes: [{ source: 'web', repository: image.repository, from: version('1.0.0'), to: version('1.1.0') }],
    },
  });

  await run('Keep');
  for (const [type, name] of [
    [apps, 'web'],
    [apps, 'adopted'],
    [rejections, 'web-a'],
    [updates, 'web-1'],
  ] as const) {
    await client.delete(type, { namespace, name });
  }
  await run('Put back');

  const again = (await client.list<ProductObject>(apps, { namespace })).items;
  expect(again.map(({ metadata }) => metadata.name)).toEqual(['web']);
  expect(again[0]).toMatchObject({ metadata: { labels }, spec: app.spec });
  expect((await client.get<ProductObject>(rejections, { namespace, name: 'web-a' })).spec).toEqual(rejection);
  expect((await client.list(updates, { namespace })).items).toEqual([]);
  expect(await readFile(join(folder, 'headgate.json'), 'utf8')).toContain('"web-1"');
});
