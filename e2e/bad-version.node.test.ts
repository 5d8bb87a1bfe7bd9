/** A bad version is undone by itself, exactly, and never tried again. */
import { request } from 'undici';
import { describe, expect, inject, test } from 'vitest';
import { startVisitor, type Visitor } from '../scripts/demo/visitor.ts';
import { apps } from '../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { deployments, services, statefulSets } from '../src/kube/resource-types.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, type DeploymentObject, putApp, runStore, runWeb, sourceOf } from '../test/headgate/objects.ts';
import {
  imagesOf,
  outcomesIn,
  rejectionsIn,
  rolloutsOf,
  runningDigests,
  stepsOf,
  untilApp,
  untilUpdate,
} from '../test/headgate/sight.ts';
import { openStage, type Push, type Stage } from '../test/headgate/stage.ts';
import { webService } from '../test/images/web-objects.ts';

interface Bad {
  readonly title: string;
  readonly behaviour: NonNullable<Push['behaviour']>;
  readonly reason: string;
  readonly message: RegExp;
  readonly health: { readonly timeout: string; readonly stableFor: string };
  /** What is done to the registry after the push. */
  readonly spoil?: (stage: Stage, push: Push) => Promise<void>;
}

const bad: readonly Bad[] = [
  {
    title: 'crashes',
    behaviour: 'crash',
    reason: 'CrashLoop',
    message: /^Deployment\/web: pod web-\S+, container web: CrashLoopBackOff after exit code 1/,
    health: { timeout: '60s', stableFor: '1s' },
  },
  {
    title: 'cannot be pulled, one of its layers is gone',
    behaviour: 'good',
    reason: 'ImagePull',
    message: /^Deployment\/web: pod web-\S+, container web: ImagePullBackOff/,
    health: { timeout: '90s', stableFor: '1s' },
    spoil: deleteOwnLayer,
  },
  {
    title: 'is never ready',
    behaviour: 'never-ready',
    reason: 'HealthTimeout',
    message: /^not healthy 12s after it was applied: Deployment\/web: /,
    health: { timeout: '12s', stableFor: '1s' },
  },
  {
    title: 'is ready at first and not 20 seconds later',
    behaviour: 'unready-later',
    reason: 'HealthTimeout',
    message: /^not healthy 15s after it was applied: Deployment\/web: /,
    health: { timeout: '15s', stableFor: '30s' },
  },
];

describe.concurrent('a version that', () => {
  test.for(bad)(
    '$title goes back to exactly what was there ($reason) and is never tried again',
    async (row, context) => {
      const stage = await openStage(context, 'bad');
      const good = await stage.push({ tag: '1.0.0' });
      const before = await runWeb(stage, { image: `${stage.repository()}:1.0.0`, replicas: 2 });
      const visitor = row.behaviour === 'unready-later' ? undefined : await visit(stage);
      // Of this story alone, or the node would have its layers already.
      const push = { tag: '1.2.0', version: `1.2.0 of ${stage.namespace}`, behaviour: row.behaviour };
      const digest = await stage.push(push);
      await row.spoil?.(stage, push);

      await putApp(stage, appSpec(stage, { health: row.health }));
      const headgate = startHeadgate(stage);
      const update = await untilUpdate(stage, 'web-1', { phases: ['RolledBack'], deadlineMs: 120_000 });

      expect(update.status?.failure).toEqual({
        reason: row.reason,
        message: expect.stringMatching(row.message),
        blamesVersion: true,
      });
      expect(stepsOf(update)).toEqual([
        'Plan Done',
        'Apply Done',
        'Watch Failed',
        'RollBack Done',
        'VerifyRollback Done',
      ]);
      const after = await stage.client.get<DeploymentObject>(deployments, { namespace: stage.namespace, name: 'web' });
      expect(after.spec).toEqual(before.spec);
      expect(await runningDigests(stage)).toEqual([good, good]);
      expect(await rolloutsOf(stage)).toEqual([
        { revision: 2, image: `${stage.repository()}:1.2.0@${digest}`, replicas: 0 },
        { revision: 3, image: `${stage.repository()}:1.0.0`, replicas: 2 },
      ]);
      expect(await rejectionsIn(stage)).toEqual([
        {
          app: 'web',
          repository: stage.repository(),
          tag: '1.2.0',
          digest,
          author: 'Update web-1',
          update: 'web-1',
          reason: expect.stringMatching(`^${row.reason}: `),
        },
      ]);
      const app = await untilApp(stage, { reason: 'VersionRejected', message: /1\.2\.0 was rejected by Update web-1/ });
      expect(app.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));

      await headgate.stop();
      expect(await stage.push({ ...push, tag: '1.3.0' })).toBe(digest);
      startHeadgate(stage);
      await untilApp(stage, { reason: 'VersionRejected', message: /1\.3\.0 was rejected by Update web-1/ });
      expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.0.0` });

      await trustSooner(stage);
      const next = await stage.push({ tag: '1.2.1' });
      await untilUpdate(stage, 'web-2', { phases: ['Succeeded'] });
      expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.2.1@${next}` });
      await visitor?.stop();
      expect(visitor?.errors ?? []).toEqual([]);
      await untilApp(stage, { reason: 'VersionRejected', message: /web stays on 1\.2\.1: 1\.3\.0 was rejected/ });
      expect(await outcomesIn(stage)).toEqual(['web-1 RolledBack', 'web-2 Succeeded']);
    },
  );

  test('crashes in a StatefulSet goes back too, although its controller waits for the broken pod', async (context) => {
    const stage = await openStage(context, 'stateful');
    const good = await stage.push({ tag: '1.0.0' });
    const image = `${stage.repository()}:1.0.0`;
    await runStore(stage, image);
    await stage.push({ tag: '1.2.0', behaviour: 'crash' });
    const targets = [{ kind: 'StatefulSet' as const, name: 'store' }];

    await putApp(stage, appSpec(stage, { deploy: { workloads: { targets } } }));
    startHeadgate(stage);
    await untilUpdate(stage, 'web-1', { phases: ['RolledBack'], deadlineMs: 120_000 });

    expect(await imagesOf(stage, statefulSets, 'store')).toEqual({ web: image });
    expect(await runningDigests(stage)).toEqual([good, good]);
    await untilApp(stage, { reason: 'VersionRejected' });

    const next = await stage.push({ tag: '1.2.1' });
    await untilUpdate(stage, 'web-2', { phases: ['Succeeded'] });
    expect(await runningDigests(stage)).toEqual([next, next]);
  });
});

/** Policy digest: one tag, whose meaning moves. */
describe.concurrent('a tag that moves', () => {
  const latest = (stage: Stage) =>
    appSpec(stage, { sources: [sourceOf(stage.repository(), { policy: { digest: { tag: 'latest' } } })] });

  test('is followed to each good digest, and back from a bad one to the digest of before', async (context) => {
    const stage = await openStage(context, 'latest');
    const image = `${stage.repository()}:latest`;
    const first = await stage.push({ tag: 'latest', version: '1' });
    await runWeb(stage, { image: `${image}@${first}` });
    await putApp(stage, latest(stage));
    startHeadgate(stage);
    await untilApp(stage, { reason: 'UpToDate' });

    const second = await stage.push({ tag: 'latest', version: '2' });
    await untilUpdate(stage, 'web-1', { phases: ['Succeeded'] });
    expect(await imagesOf(stage)).toEqual({ web: `${image}@${second}` });
    expect(await runningDigests(stage)).toEqual([second]);

    const third = await stage.push({ tag: 'latest', version: '3', behaviour: 'crash' });
    await untilUpdate(stage, 'web-2', { phases: ['RolledBack'] });
    expect(await imagesOf(stage)).toEqual({ web: `${image}@${second}` });
    expect(await runningDigests(stage)).toEqual([second]);
    expect(await rejectionsIn(stage)).toEqual([expect.objectContaining({ digest: third, tag: 'latest' })]);
    await untilApp(stage, { reason: 'VersionRejected' });

    const fourth = await stage.push({ tag: 'latest', version: '4' });
    await untilUpdate(stage, 'web-3', { phases: ['Succeeded'] });
    expect(await runningDigests(stage)).toEqual([fourth]);
    await untilApp(stage, { reason: 'UpToDate' });
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded', 'web-2 RolledBack', 'web-3 Succeeded']);
  });

  test('to a bad digest before Headgate ever looked: the digest that ran comes back, not the tag', async (context) => {
    const stage = await openStage(context, 'moved');
    const image = `${stage.repository()}:latest`;
    const first = await stage.push({ tag: 'latest', version: '1' });
    await runWeb(stage, { image });
    const second = await stage.push({ tag: 'latest', version: '2', behaviour: 'crash' });

    await putApp(stage, latest(stage));
    startHeadgate(stage);
    const update = await untilUpdate(stage, 'web-1', { phases: ['RolledBack'] });

    expect(await imagesOf(stage)).toEqual({ web: `${image}@${first}` });
    expect(await runningDigests(stage)).toEqual([first]);
    expect(update.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Reversible', status: 'True' }));
    expect(await rejectionsIn(stage)).toEqual([expect.objectContaining({ digest: second })]);
    await untilApp(stage, { reason: 'VersionRejected' });
    expect(await outcomesIn(stage)).toEqual(['web-1 RolledBack']);
  });
});

interface ServiceObject extends KubeObject {
  readonly spec: { readonly clusterIP: string };
}

async function visit(stage: Stage): Promise<Visitor> {
  const { client, namespace } = stage;
  const { spec } = await client.create<ServiceObject>(services, webService({ name: 'web', namespace }));
  const visitor = await startVisitor(spec.clusterIP, 80, 60_000);
  stage.atEnd(() => visitor.stop());
  return visitor;
}

/** What follows is good; it need not prove it for long. */
async function trustSooner({ client, namespace }: Stage): Promise<void> {
  const body = { spec: { health: { stableFor: '1s' } } };
  await client.patch(apps, { namespace, name: 'web' }, { kind: 'merge', body });
}

/** The layer that no other image has: kubelet gets 404 for it. */
async function deleteOwnLayer(stage: Stage, { tag }: Push): Promise<void> {
  const root = `http://${inject('registry')}/v2/${stage.namespace}/web`;
  const manifest = await request(`${root}/manifests/${tag}`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  const { layers } = (await manifest.body.json()) as { readonly layers: readonly { readonly digest: string }[] };
  const deleted = await request(`${root}/blobs/${layers.at(-1)?.digest}`, { method: 'DELETE' });
  await deleted.body.dump();
  expect(deleted.statusCode).toBe(202);
}
