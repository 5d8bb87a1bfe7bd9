/** What the App's own tests say decides: a version can be healthy and bad all the same. */
import { expect, test } from 'vitest';
import { services } from '../src/kube/resource-types.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, putApp, runWeb } from '../test/headgate/objects.ts';
import { imagesOf, rejectionsIn, stepsOf, untilApp, untilUpdate } from '../test/headgate/sight.ts';
import { openStage } from '../test/headgate/stage.ts';
import { webService } from '../test/images/web-objects.ts';

test('a version that is healthy but fails its http test goes back by itself and is rejected', async (context) => {
  const stage = await openStage(context, 'tests');
  await stage.push({ tag: '1.0.0' });
  await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
  await stage.client.create(services, webService({ name: 'web', namespace: stage.namespace }));
  // Its page speaks of another version than its tag does.
  const bad = await stage.push({ tag: '1.1.0', version: '1.0.9' });
  const smoke = {
    name: 'smoke',
    interval: '1s',
    failureLimit: 1,
    http: { service: { name: 'web' }, path: '/', expect: { body: [{ contains: 'web {{version}}' }] } },
  };

  await putApp(stage, appSpec(stage, { tests: [smoke] }));
  startHeadgate(stage);
  const update = await untilUpdate(stage, 'web-1', { phases: ['RolledBack'], deadlineMs: 120_000 });

  expect(update.status?.failure).toEqual({
    reason: 'TestFailed',
    message: 'test smoke: body is "web 1.0.9\\n", without "web 1.1.0"',
    blamesVersion: true,
  });
  expect(update.status?.tests).toEqual([
    expect.objectContaining({ name: 'smoke', verdict: 'Fail', attempts: 2, passed: 0, failed: 2 }),
  ]);
  expect(stepsOf(update)).toEqual([
    'Plan Done',
    'Apply Done',
    'Watch Done',
    'Test Failed',
    'RollBack Done',
    'VerifyRollback Done',
  ]);
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.0.0` });
  expect(await rejectionsIn(stage)).toEqual([expect.objectContaining({ digest: bad, tag: '1.1.0' })]);

  const good = await stage.push({ tag: '1.1.1' });
  const next = await untilUpdate(stage, 'web-2', { phases: ['Succeeded'], deadlineMs: 120_000 });

  expect(next.status?.tests).toEqual([
    expect.objectContaining({
      verdict: 'Pass',
      attempts: 1,
      message: expect.stringMatching(/^answered 200 in \d+ ms$/),
    }),
  ]);
  expect(next.status?.steps?.at(-1)).toMatchObject({ name: 'Test', result: 'Done', message: '1 test passed' });
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.1@${good}` });
  await untilApp(stage, { reason: 'UpToDate' });
});
