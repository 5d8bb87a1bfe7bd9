/** What happens to an Update when the world moves on while it waits: a newer version, or somebody else's hand. */
import { describe, expect, test } from 'vitest';
import { deployments, pods } from '../src/kube/resource-types.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, putApp, runStore, runWeb } from '../test/headgate/objects.ts';
import {
  imagesOf,
  outcomesIn,
  type PodObject,
  rejectionsIn,
  runningDigests,
  stepsOf,
  untilApp,
  untilObject,
  untilUpdate,
} from '../test/headgate/sight.ts';
import { openStage, type Stage, type TestContext } from '../test/headgate/stage.ts';

describe.concurrent('a newer version arrives while 1.2.0 does not become ready', () => {
  test('1.2.0 is superseded, 1.2.1 succeeds and remembers 1.1.0 as what to go back to', async (context) => {
    const { stage, ran } = await whileWaiting(context, 'newer');
    const digest = await stage.push({ tag: '1.2.1' });

    const first = await untilUpdate(stage, 'web-1', { phases: ['Superseded'] });
    const second = await untilUpdate(stage, 'web-2', { phases: ['Succeeded'] });

    expect(stepsOf(first)).toEqual(['Plan Done', 'Apply Done', 'Watch Stopped']);
    expect(second.spec.supersedes).toBe('web-1');
    expect(second.spec.changes).toEqual([
      expect.objectContaining({ from: { tag: '1.1.0' }, to: { tag: '1.2.1', digest } }),
    ]);
    expect(second.status?.workloads?.[0]?.containers[0]?.restore).toBe(ran.image);
    expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.2.1@${digest}` });
    expect(await runningDigests(stage)).toEqual([digest]);
    expect(await rejectionsIn(stage)).toEqual([]);
    await untilApp(stage, { reason: 'UpToDate' });
    expect(await outcomesIn(stage)).toEqual(['web-1 Superseded', 'web-2 Succeeded']);
  });

  test('1.2.1 crashes: 1.1.0 comes back, not 1.2.0 which never proved itself', async (context) => {
    const { stage, ran } = await whileWaiting(context, 'worse');
    const digest = await stage.push({ tag: '1.2.1', behaviour: 'crash' });

    await untilUpdate(stage, 'web-1', { phases: ['Superseded'] });
    await untilUpdate(stage, 'web-2', { phases: ['RolledBack'] });

    expect(await imagesOf(stage)).toEqual({ web: ran.image });
    expect(await runningDigests(stage)).toEqual([ran.digest]);
    expect(await rejectionsIn(stage)).toEqual([expect.objectContaining({ tag: '1.2.1', digest })]);
  });
});

test.concurrent('a newer version takes over in a StatefulSet, whose controller waits for the pod that is never ready', async (context) => {
  const stage = await openStage(context, 'stateful');
  await stage.push({ tag: '1.1.0' });
  await runStore(stage, `${stage.repository()}:1.1.0`);
  await stage.push({ tag: '1.2.0', behaviour: 'never-ready' });
  await putApp(stage, appSpec(stage, { deploy: { workloads: { targets: [{ kind: 'StatefulSet', name: 'store' }] } } }));
  startHeadgate(stage);
  await untilUpdate(stage, 'web-1', { phases: ['Watching'] });
  await untilObject<PodObject>(stage, pods, {
    what: 'the pod that is never ready runs',
    matches: ({ spec, status }) =>
      spec.containers[0]?.image.includes(':1.2.0@') === true && status?.containerStatuses?.[0]?.ready === false,
  });

  const digest = await stage.push({ tag: '1.2.1' });
  await untilUpdate(stage, 'web-2', { phases: ['Succeeded'] });

  expect(await runningDigests(stage)).toEqual([digest, digest]);
  expect(await outcomesIn(stage)).toEqual(['web-1 Superseded', 'web-2 Succeeded']);
});

describe.concurrent('somebody else', () => {
  test('changes the image during the wait: the Update fails, nothing is rejected, and the App is patient', async (context) => {
    const { stage } = await whileWaiting(context, 'other');
    const own = await stage.push({ tag: '1.1.5' });
    const image = `${stage.repository()}:1.1.5`;

    await setImage(stage, image);
    const update = await untilUpdate(stage, 'web-1', { phases: ['Failed'] });
    const app = await untilApp(stage, { reason: 'PreviousAttemptFailed' });

    expect(update.status?.failure).toEqual({
      reason: 'ChangedByOther',
      message: 'changed by somebody else: Deployment/web container web',
      blamesVersion: false,
    });
    expect(await imagesOf(stage)).toEqual({ web: image });
    expect(await runningDigests(stage)).toEqual([own]);
    expect(await rejectionsIn(stage)).toEqual([]);
    const { waiting, conditions } = app.status ?? {};
    expect(waiting?.message).toMatch(/^Update web-1 to the same version failed: changed by somebody else/);
    const heldMs = Date.parse(waiting?.until ?? '') - Date.parse(update.status?.finishedAt ?? '');
    expect(heldMs / 60_000).toBeCloseTo(10, 1);
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False' }));

    const newer = await stage.push({ tag: '1.3.0' });
    await untilUpdate(stage, 'web-2', { phases: ['Succeeded'] });
    expect(await runningDigests(stage)).toEqual([newer]);
    expect(await outcomesIn(stage)).toEqual(['web-1 Failed', 'web-2 Succeeded']);
  });

  test('puts the old image back during the wait: that is a change by somebody else too', async (context) => {
    const { stage, ran } = await whileWaiting(context, 'undo');

    await setImage(stage, ran.image);
    const update = await untilUpdate(stage, 'web-1', { phases: ['Failed'] });

    expect(update.status?.failure).toMatchObject({ reason: 'ChangedByOther', blamesVersion: false });
    expect(await imagesOf(stage)).toEqual({ web: ran.image });
    await untilApp(stage, { reason: 'PreviousAttemptFailed' });
    expect(await outcomesIn(stage)).toEqual(['web-1 Failed']);
  });

  test('deletes the workload during the wait: the Update fails and the App says what is missing', async (context) => {
    const { stage } = await whileWaiting(context, 'gone');

    await stage.client.delete(deployments, { namespace: stage.namespace, name: 'web' });
    const update = await untilUpdate(stage, 'web-1', { phases: ['Failed'] });

    expect(update.status?.failure).toMatchObject({ reason: 'WorkloadGone', blamesVersion: false });
    await untilApp(stage, { reason: 'TargetNotFound', message: /Deployment "web" matches no workload/ });
    expect(await rejectionsIn(stage)).toEqual([]);
  });
});

/** 1.1.0 runs, and the Update to 1.2.0, which is never ready, waits for its rollout. */
async function whileWaiting(context: TestContext, title: string) {
  const stage = await openStage(context, title);
  const image = `${stage.repository()}:1.1.0`;
  const digest = await stage.push({ tag: '1.1.0' });
  await runWeb(stage, { image });
  await stage.push({ tag: '1.2.0', behaviour: 'never-ready' });
  await putApp(stage, appSpec(stage, { health: { timeout: '60s', stableFor: '1s' } }));
  startHeadgate(stage);
  const update = await untilUpdate(stage, 'web-1', { phases: ['Watching'] });
  expect(update.spec.changes[0]?.to.tag).toBe('1.2.0');
  await untilApp(stage, { reason: 'UpdateInProgress' });
  return { stage, ran: { image, digest } };
}

async function setImage({ client, namespace }: Stage, image: string): Promise<void> {
  const body = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: image }];
  await client.patch(deployments, { namespace, name: 'web' }, { kind: 'json', body });
}
