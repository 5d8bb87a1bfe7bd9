/** A Deployment that Keel looked after, with its annotations as they were: it is updated, and a bad version comes back. */
import { expect, test } from 'vitest';
import { deployments } from '../src/kube/resource-types.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { runWeb } from '../test/headgate/objects.ts';
import { imagesOf, untilApp, untilUpdate } from '../test/headgate/sight.ts';
import { openStage } from '../test/headgate/stage.ts';

test('keel.sh/policy and a poll schedule are all it takes', async (context) => {
  const stage = await openStage(context, 'keel');
  await stage.push({ tag: '1.0.0' });
  await runWeb(stage, { image: `${stage.repository()}:1.0.0`, replicas: 2 });
  const marks = { 'keel.sh/policy': 'minor', 'keel.sh/trigger': 'poll', 'keel.sh/pollSchedule': '@every 5s' };
  const key = { namespace: stage.namespace, name: 'web' };
  await stage.client.patch(deployments, key, { kind: 'merge', body: { metadata: { annotations: marks } } });
  startHeadgate(stage);

  const good = await stage.push({ tag: '1.1.0' });
  await untilUpdate(stage, 'deployment-web-1', { phases: ['Succeeded'], deadlineMs: 120_000 });
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0@${good}` });
  expect((await stage.client.get(deployments, key)).metadata.annotations).toMatchObject({
    ...marks,
    'kubernetes.io/change-cause': 'headgate: web 1.0.0 -> 1.1.0 (Update deployment-web-1)',
  });

  await stage.push({ tag: '1.2.0', behaviour: 'crash' });
  const update = await untilUpdate(stage, 'deployment-web-2', { phases: ['RolledBack'], deadlineMs: 120_000 });
  expect(update.status?.failure?.reason).toBe('CrashLoop');
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0@${good}` });
  await untilApp(stage, { reason: 'VersionRejected', name: 'deployment-web' });
});
