/** Headgate as a pod of its own chart and image: a Helm release whose objects go through the kustomize of that image, and whose hook fails. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pushImage } from '../scripts/oci/push.ts';
import { makeProductImage } from '../scripts/product-image/product-image.ts';
import { apps, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { configMaps, deployments, namespaces } from '../src/kube/resource-types.ts';
import { outputOf } from '../test/cluster/run-command.ts';
import { imagesOf, rejectionsIn, untilUpdate } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { packChart } from '../test/helm/charts.ts';
import { webDeployment } from '../test/images/web-objects.ts';
import type { ConfigMap } from '../test/kube/server-fixtures.ts';
import { allow } from '../test/manifests/stage.ts';
import { makeHelmArtifact } from '../test/servers/artifact.ts';

test('a pod with helmReleases: true installs a chart post-rendered, and goes back from one whose hook fails', async (context) => {
  const stage = await openStage(context, 'pod');
  await installHeadgate(stage);
  await allow(stage, 'deployer', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
  await stage.push({ tag: '1.0.0' });
  await stage.push({ tag: '1.1.0' });
  await publish(stage, '1.0.0');
  await putApp(stage);

  const first = await untilUpdate(stage, 'web-1', { phases: ['Succeeded'], deadlineMs: 120_000 });
  expect(first.status?.helm).toMatchObject({ revision: 1 });
  expect(await patched(stage)).toBe('by kustomize');
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.0.0` });

  await publish(stage, '1.1.0', 'echo the database cannot be migrated; exit 1');
  const second = await untilUpdate(stage, 'web-2', { phases: ['RolledBack'], deadlineMs: 120_000 });
  expect(second.status?.failure).toMatchObject({ reason: 'HelmFailed', blamesVersion: true });
  expect(second.status?.failure?.message).toContain('all that Helm said: ConfigMap web-2.apply.log');
  const { data } = await stage.client.get<ConfigMap>(configMaps, {
    namespace: stage.namespace,
    name: 'web-2.apply.log',
  });
  expect(data?.['log']).toContain('the database cannot be migrated');
  expect(await patched(stage)).toBe('by kustomize');
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.0.0` });
  expect(await rejectionsIn(stage)).toHaveLength(1);

  await publish(stage, '1.1.1', 'exit 0');
  await untilUpdate(stage, 'web-3', { phases: ['Succeeded'], deadlineMs: 120_000 });
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0` });
});

async function installHeadgate(stage: Stage): Promise<void> {
  const { client, namespace, kubeconfigPath, programs } = stage;
  const home = `${namespace}-home`;
  await client.create(namespaces, { metadata: { name: home } });
  stage.atEnd(() => client.delete(namespaces, { namespace: '', name: home }));
  const image = await makeProductImage(fileURLToPath(new URL('../src/main.ts', import.meta.url)));
  const [host = '', repository = ''] = splitOnce(stage.repository('headgate'));
  const digest = await pushImage(image, { host, repository, tag: 'test', insecure: true });
  const values = [
    `image.repository=${host}/${repository}`,
    `image.digest=${digest}`,
    `watchNamespaces={${namespace}}`,
    'helmReleases=true',
  ];
  const target = ['--namespace', home, '--kubeconfig', kubeconfigPath];
  const chart = fileURLToPath(new URL('../chart', import.meta.url));
  const set = values.flatMap((value) => ['--set', value]);
  await outputOf(
    programs.helm,
    ['install', 'headgate', chart, '--skip-crds', '--wait', '--timeout', '90s', ...target, ...set],
    100_000,
  );
  stage.atEnd(async () => {
    await outputOf(programs.helm, ['uninstall', 'headgate', ...target], 60_000);
  });
}

/** A chart in the registry of the node, which a pod reaches. */
async function publish(stage: Stage, version: string, hook?: string): Promise<void> {
  const { namespace } = stage;
  const tag = version === '1.0.0' ? '1.0.0' : '1.1.0';
  const web = webDeployment({ name: 'web', namespace, image: `${stage.repository()}:${tag}`, replicas: 1 });
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'migrate',
      annotations: { 'helm.sh/hook': 'pre-upgrade', 'helm.sh/hook-output-log-policy': 'hook-failed' },
    },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [
            { name: 'migrate', image: `${stage.repository()}:1.0.0`, command: ['/bin/sh', '-c', hook ?? 'exit 0'] },
          ],
        },
      },
    },
  };
  const files = {
    'templates/web.yaml': JSON.stringify(web),
    ...(hook === undefined ? {} : { 'templates/migrate.yaml': JSON.stringify(job) }),
  };
  const [host = '', repository = ''] = splitOnce(stage.repository('demo'));
  const artifact = makeHelmArtifact({ name: 'demo', version, apiVersion: 'v2' }, await packChart({ version, files }));
  await pushImage(artifact, { host, repository, tag: version, insecure: true });
}

async function putApp(stage: Stage): Promise<void> {
  const { client, namespace } = stage;
  const patch = JSON.stringify([{ op: 'add', path: '/metadata/annotations', value: { patched: 'by kustomize' } }]);
  const spec = {
    interval: '5s',
    sources: [{ name: 'demo', chart: { repository: `oci://${stage.repository('demo')}`, insecure: true } }],
    deploy: {
      helm: {
        chart: { source: 'demo' },
        serviceAccountName: 'deployer',
        postRender: { patches: [{ target: { kind: 'Deployment' }, patch }] },
      },
    },
    health: { timeout: '60s', stableFor: '2s' },
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
}

async function patched({ client, namespace }: Stage): Promise<string | undefined> {
  const { metadata } = await client.get<KubeObject>(deployments, { namespace, name: 'web' });
  return metadata.annotations?.['patched'];
}

function splitOnce(repository: string): readonly string[] {
  const slash = repository.indexOf('/');
  return [repository.slice(0, slash), repository.slice(slash + 1)];
}
