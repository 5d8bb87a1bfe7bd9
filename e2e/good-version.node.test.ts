/** A good version is put in place, and nothing but the images changes. */
import { describe, expect, test } from 'vitest';
import { startVisitor } from '../scripts/demo/visitor.ts';
import type { KubeObject, ResourceType } from '../src/kube/objects.ts';
import { cronJobs, daemonSets, deployments, services, statefulSets } from '../src/kube/resource-types.ts';
import { runEveryKind } from '../test/headgate/every-kind.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, type DeploymentObject, putApp, runWeb, sourceOf } from '../test/headgate/objects.ts';
import {
  imagesOf,
  outcomesIn,
  podsIn,
  rejectionsIn,
  runningDigests,
  stepsOf,
  untilApp,
  untilObject,
  untilUpdate,
} from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { webService } from '../test/images/web-objects.ts';

const deadlineMs = 60_000;
const autoscalers: ResourceType = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  namespaced: true,
};

describe.concurrent('a good version', () => {
  test('replaces the image of a Deployment by tag@digest and leaves autoscaler and other owners their fields', async (context) => {
    const stage = await openStage(context, 'good');
    const { client, namespace } = stage;
    await stage.push({ tag: '1.0.0' });
    await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
    await autoscale(stage, 2);
    await decorate(stage);
    await client.create(services, webService({ name: 'web', namespace }));
    const { spec } = await client.get<ServiceObject>(services, { namespace, name: 'web' });
    const visitor = await startVisitor(spec.clusterIP, 80, deadlineMs);
    stage.atEnd(() => visitor.stop());
    const before = await settledWeb(stage, 2);

    const digest = await stage.push({ tag: '1.1.0' });
    await putApp(stage);
    startHeadgate(stage);
    const update = await untilUpdate(stage, 'web-1', { phases: ['Succeeded'] });

    const image = `${stage.repository()}:1.1.0@${digest}`;
    const after = await settledWeb(stage, 2);
    expect(withoutImage(after.spec)).toEqual(withoutImage(before.spec));
    expect(after.metadata.annotations).toMatchObject({ 'example.com/owner': 'gitops' });
    expect(fieldsOfOthers(after)).toEqual(fieldsOfOthers(before));
    expect(ownerOfReplicas(after)).toBe('kube-controller-manager');
    expect(await imagesOf(stage)).toEqual({ web: image });
    expect(await runningDigests(stage)).toEqual([digest, digest]);
    expect(stepsOf(update)).toEqual(['Plan Done', 'Apply Done', 'Watch Done']);
    expect(update.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    await visitor.sees('web 1.1.0', deadlineMs);
    await visitor.stop();
    expect(visitor.errors).toEqual([]);
    const app = await untilApp(stage, { reason: 'UpToDate' });
    expect(app.status).toMatchObject({
      current: '1.1.0',
      available: '',
      update: 'web-1',
      workloads: ['Deployment/web'],
    });
    expect(app.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    expect(await rejectionsIn(stage)).toEqual([]);
  });

  test('is set as tag alone where imageReference is Tag', async (context) => {
    const stage = await openStage(context, 'tag');
    await stage.push({ tag: '1.0.0' });
    await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
    const digest = await stage.push({ tag: '1.1.0' });
    const targets = [{ kind: 'Deployment' as const, name: 'web' }];

    await putApp(stage, appSpec(stage, { deploy: { workloads: { targets, imageReference: 'Tag' } } }));
    startHeadgate(stage);
    await untilUpdate(stage, 'web-1', { phases: ['Succeeded'] });

    expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0` });
    expect(await runningDigests(stage)).toEqual([digest]);
    await untilApp(stage, { reason: 'UpToDate' });
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded']);
  });

  test('of two sources moves every kind of workload, init containers too, in one Update', async (context) => {
    const stage = await openStage(context, 'kinds');
    const repositories = { web: stage.repository('web'), tool: stage.repository('tool') };
    await Promise.all([
      stage.push({ tag: '1.0.0' }),
      stage.push({ repository: 'tool', tag: '2.0.0', version: 'tool 2.0.0' }),
    ]);
    await runEveryKind(stage, { web: `${repositories.web}:1.0.0`, tool: `${repositories.tool}:2.0.0` });
    const web = `${repositories.web}:1.1.0@${await stage.push({ tag: '1.1.0' })}`;
    const tool = `${repositories.tool}:2.1.0@${await stage.push({ repository: 'tool', tag: '2.1.0', version: 'tool 2.1.0' })}`;

    await putApp(
      stage,
      appSpec(stage, {
        sources: [
          sourceOf(repositories.web),
          sourceOf(repositories.tool, { name: 'tool', policy: { semver: { range: '2.x' } } }),
        ],
        deploy: {
          workloads: {
            targets: [
              { kind: 'Deployment', name: 'front' },
              { selector: { matchLabels: { tier: 'data' } } },
              { kind: 'CronJob', name: 'nightly', containers: [{ name: 'job', source: 'tool' }] },
            ],
          },
        },
      }),
      'shop',
    );
    startHeadgate(stage);
    const update = await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'] });

    expect(update.spec.changes.map(({ source, from, to }) => [source, from.tag, to.tag])).toEqual([
      ['web', '1.0.0', '1.1.0'],
      ['tool', '2.0.0', '2.1.0'],
    ]);
    expect(await imagesOf(stage, deployments, 'front')).toEqual({ web, admin: web, prepare: tool });
    expect(await imagesOf(stage, statefulSets, 'store')).toEqual({ web });
    expect(await imagesOf(stage, daemonSets, 'agent')).toEqual({ tool, web });
    expect(await imagesOf(stage, cronJobs, 'nightly')).toEqual({ job: tool });
    const running = (await podsIn(stage)).flatMap(({ spec }) => spec.containers.map(({ image }) => image));
    expect(new Set(running)).toEqual(new Set([web, tool]));
    const app = await untilApp(stage, { name: 'shop', reason: 'UpToDate' });
    expect(app.status?.workloads).toEqual([
      'CronJob/nightly',
      'DaemonSet/agent',
      'Deployment/front',
      'StatefulSet/store',
    ]);
    expect(await outcomesIn(stage)).toEqual(['shop-1 Succeeded']);
  });
});

interface ServiceObject extends KubeObject {
  readonly spec: { readonly clusterIP: string };
}

/** An autoscaler without metrics: all it does is keep the least number of pods. */
async function autoscale({ client, namespace }: Stage, minReplicas: number): Promise<void> {
  await client.create(autoscalers, {
    metadata: { name: 'web', namespace },
    ...{
      spec: {
        minReplicas,
        maxReplicas: 4,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    },
  });
}

/** Somebody else who owns fields of the same Deployment, some of them beside the image. */
async function decorate({ client, namespace }: Stage): Promise<void> {
  const template = { spec: { containers: [{ name: 'web', env: [{ name: 'COLOUR', value: 'green' }] }] } };
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace, annotations: { 'example.com/owner': 'gitops' } },
    spec: { template },
  };
  await client.patch(deployments, { namespace, name: 'web' }, { kind: 'apply', body }, { fieldManager: 'gitops' });
}

/** The Deployment when its rollout is complete with that many pods. */
async function settledWeb(stage: Stage, replicas: number): Promise<DeploymentObject> {
  await untilObject<DeploymentObject>(stage, deployments, {
    what: `${replicas} pods of web are available`,
    matches: ({ spec, status, metadata }) =>
      spec.replicas === replicas &&
      status?.observedGeneration === metadata.generation &&
      status?.availableReplicas === replicas &&
      status.updatedReplicas === replicas,
  });
  return await stage.client.get<DeploymentObject>(deployments, { namespace: stage.namespace, name: 'web' });
}

function withoutImage(spec: DeploymentObject['spec']): unknown {
  return JSON.parse(JSON.stringify(spec, (key, value: unknown) => (key === 'image' ? undefined : value)));
}

interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: unknown;
}

function managedFields({ metadata }: KubeObject): readonly ManagedFields[] {
  return (metadata.managedFields ?? []) as readonly ManagedFields[];
}

/** What each other manager owns, without the image and without the status, which moves with every rollout. */
function fieldsOfOthers(object: KubeObject): unknown {
  const others = managedFields(object).filter((one) => one.manager !== 'headgate' && one.subresource !== 'status');
  const text = JSON.stringify(others.map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 })));
  return JSON.parse(text, (key, value: unknown) => (key === 'f:image' ? undefined : value));
}

function ownerOfReplicas(object: KubeObject): string | undefined {
  return managedFields(object).find(
    (one) => JSON.stringify(one.fieldsV1).includes('"f:replicas":{}') && one.subresource !== 'status',
  )?.manager;
}
