/** An App made of manifests in a real git repository: two versions with a ConfigMap, a Deployment, a Service and a Job, and the way back. */
import { expect, test } from 'vitest';
import { apps, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { configMaps, deployments, jobs, services } from '../src/kube/resource-types.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { imagesOf, rejectionsIn, untilApp, untilUpdate } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { webDeployment, webService } from '../test/images/web-objects.ts';
import { startGitHttp } from '../test/servers/git-http.ts';
import { type CommitFiles, makeGitRoot, makeRepository } from '../test/servers/git-repository.ts';

test('two versions come from git, a bad one goes back as a whole, although git has forgotten the good one', async (context) => {
  const stage = await openStage(context, 'manifests');
  const root = makeGitRoot();
  stage.atEnd(async () => root.remove());
  const server = await startGitHttp({ root: root.directory });
  stage.atEnd(() => server.stop());
  const repository = makeRepository(root.directory, 'shop.git');
  await stage.push({ tag: '1.0.0' });
  await stage.push({ tag: '1.1.0' });
  await stage.push({ tag: '1.2.0', behaviour: 'crash' });

  repository.commit(files(stage, '1.0.0'));
  await createApp(stage, `${server.origin}/shop.git`);
  startHeadgate(stage);
  await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'] });
  expect(await standing(stage)).toEqual({
    version: '1.0.0',
    image: `${stage.repository()}:1.0.0`,
    succeeded: 1,
    extra: true,
  });

  repository.commit({ ...files(stage, '1.1.0'), 'deploy/extra.json': undefined });
  const second = await untilUpdate(stage, 'shop-2', { phases: ['Succeeded'] });
  expect(await standing(stage)).toEqual({
    version: '1.1.0',
    image: `${stage.repository()}:1.1.0`,
    succeeded: 1,
    extra: false,
  });
  expect(second.status?.manifests?.oneWays).toEqual([expect.stringMatching(/^Job .*migrate has another template/)]);

  const bad = repository.commit({ ...files(stage, '1.2.0') }, { orphan: true });
  const third = await untilUpdate(stage, 'shop-3', { phases: ['RolledBack'], deadlineMs: 120_000 });
  expect(third.status?.failure).toMatchObject({
    reason: expect.stringMatching(/CrashLoop|ObjectFailed/),
    blamesVersion: true,
  });
  expect(await standing(stage)).toEqual({
    version: '1.1.0',
    image: `${stage.repository()}:1.1.0`,
    succeeded: 1,
    extra: false,
  });
  expect(await rejectionsIn(stage)).toMatchObject([{ app: 'shop', digest: `sha1:${bad}` }]);
  await untilApp(stage, { name: 'shop', reason: 'VersionRejected' });
});

function files(stage: Stage, version: string): CommitFiles {
  const { namespace } = stage;
  const image = `${stage.repository()}:${version}`;
  const named = (name: string) => ({ name });
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: named('migrate'),
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [
            { name: 'migrate', image: `${stage.repository()}:1.0.0`, command: ['/bin/sh', '-c', `echo ${version}`] },
          ],
        },
      },
    },
  };
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: named('settings'), data: { version } };
  const extra = { apiVersion: 'v1', kind: 'ConfigMap', metadata: named('extra'), data: {} };
  return {
    'deploy/web.json': JSON.stringify(webDeployment({ name: 'web', namespace, image, replicas: 1 })),
    'deploy/service.json': JSON.stringify(webService({ name: 'web', namespace })),
    'deploy/job.json': JSON.stringify(job),
    'deploy/settings.json': JSON.stringify(settings),
    'deploy/extra.json': JSON.stringify(extra),
    'README.md': 'not applied',
  };
}

async function createApp({ client, namespace }: Stage, url: string): Promise<void> {
  const spec = {
    interval: '5s',
    sources: [{ name: 'files', git: { url, branch: 'main', insecure: true } }],
    deploy: { manifests: { path: 'deploy' } },
    health: { timeout: '90s', stableFor: '2s' },
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'shop' }, spec });
}

interface JobObject extends KubeObject {
  readonly status?: { readonly succeeded?: number };
}

/** What of the App is in the cluster. */
async function standing(stage: Stage) {
  const { client, namespace } = stage;
  const settings = await client.get<KubeObject & { readonly data?: { readonly version?: string } }>(configMaps, {
    namespace,
    name: 'settings',
  });
  const job = await client.get<JobObject>(jobs, { namespace, name: 'migrate' });
  const extra = await client.find(configMaps, { namespace, name: 'extra' });
  await client.get(services, { namespace, name: 'web' });
  const { web } = await imagesOf(stage, deployments, 'web');
  return { version: settings.data?.version, image: web, succeeded: job.status?.succeeded, extra: extra !== undefined };
}
