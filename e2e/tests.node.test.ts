/** What the App's own tests say decides: a version can be healthy and bad all the same. */
import { expect, test, vi } from 'vitest';
import { type ProductObject, updates } from '../src/adapters/cluster/kinds.ts';
import { services } from '../src/kube/resource-types.ts';
import { decodeUpdate } from '../src/resources/update/decode-update.ts';
import { type Rule, reader } from '../test/api-stage.ts';
import { openStageApi, type StageApi } from '../test/headgate/api.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, putApp, runWeb } from '../test/headgate/objects.ts';
import {
  imagesOf,
  outcomesIn,
  rejectionsIn,
  stepsOf,
  untilApp,
  untilObject,
  untilUpdate,
} from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { webService } from '../test/images/web-objects.ts';

const mayReadLogs: readonly Rule[] = [
  reader,
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
];

interface PodList {
  readonly items: readonly {
    readonly name: string;
    readonly part: string;
    readonly phase: string;
    readonly containers: readonly { readonly name: string }[];
  }[];
}

/** What the API tells of the log of a pod of an Update, from when it runs until it is over. */
async function linesOf(
  api: StageApi,
  { namespace }: Stage,
  { update, part }: { readonly update: string; readonly part: RegExp },
): Promise<{ readonly lines: readonly unknown[]; readonly endedAs: unknown; readonly verdictAtFirst?: unknown }> {
  const path = `updates/${namespace}/${update}`;
  const pod = await vi.waitFor(
    async () => {
      const { items } = await api.get<PodList>(`${path}/pods`);
      const found = items.find((one) => part.test(one.part) && one.phase !== 'Pending');
      expect(found, JSON.stringify(items)).toBeDefined();
      return found;
    },
    { timeout: 120_000, interval: 200 },
  );
  const lines: unknown[] = [];
  let endedAs: unknown;
  let verdictAtFirst: unknown;
  for await (const [event, data] of api.follow(`${path}/pods/${pod?.name}/log?container=${pod?.containers[0]?.name}`)) {
    if (event === 'line' && lines.push(data) === 1) {
      const { tests } = await api.get<{ readonly tests: readonly { readonly verdict?: string }[] }>(path);
      verdictAtFirst = tests[0]?.verdict;
    }
    endedAs = event === 'end' ? data : undefined;
  }
  return { lines, endedAs, ...(verdictAtFirst !== undefined && { verdictAtFirst }) };
}

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

test('a Job of the App says which version is bad, and one that cannot tell asks a person', async (context) => {
  const stage = await openStage(context, 'job');
  await stage.push({ tag: '1.0.0' });
  await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
  await stage.client.create(services, webService({ name: 'web', namespace: stage.namespace }));
  await stage.push({ tag: '1.1.0' });
  const script = [
    'echo "from $HEADGATE_FROM to $HEADGATE_VERSION_WEB"',
    // Where the App's Services are, Kubernetes tells every pod.
    'if [ "$HEADGATE_VERSION" = 1.1.0 ]; then wget -q -O - "http://$WEB_SERVICE_HOST:$WEB_SERVICE_PORT/"; exit 75; fi',
    'if [ "$HEADGATE_VERSION" = 1.2.0 ]; then for i in 1 2 3 4 5; do echo "table $i"; sleep 1; done; echo "12 rows are missing"; exit 1; fi',
  ].join('\n');
  const container = { name: 'check', image: `${stage.repository()}:1.0.0`, command: ['/bin/sh', '-c', script] };
  const template = { spec: { template: { spec: { containers: [container] } } } };

  await putApp(stage, appSpec(stage, { tests: [{ name: 'rows', job: { inconclusiveExitCode: 75, template } }] }));
  const api = await openStageApi(stage, mayReadLogs);
  startHeadgate(stage, undefined, { api: api.settings });
  const asking = await untilObject<ProductObject>(stage, updates, {
    what: 'Update web-1 asks a person',
    name: 'web-1',
    matches: (object) => decodeUpdate(object, 'Update').status?.waiting?.reason === 'TestInconclusive',
    deadlineMs: 120_000,
  });

  expect(decodeUpdate(asking, 'Update').status?.tests).toEqual([
    expect.objectContaining({
      verdict: 'Inconclusive',
      message: expect.stringMatching(
        /^Job web-1-test-1-\S+ failed with exit code 75: from 1\.0\.0 to 1\.1\.0\nweb 1\.1\.0$/,
      ),
      logDigest: expect.stringMatching(/^sha256:/),
    }),
  ]);
  expect(await linesOf(api, stage, { update: 'web-1', part: /^Job\/web-1-test-1-/ })).toEqual({
    lines: ['from 1.0.0 to 1.1.0', 'web 1.1.0'],
    endedAs: {},
    verdictAtFirst: 'Inconclusive',
  });
  // The pod of the former version takes its time to end.
  const owner = { kind: 'ReplicaSet', name: expect.stringMatching(/^web-[0-9a-z]+$/) };
  const resources = () => api.get(`apps/${stage.namespace}/web/resources`);
  await vi.waitFor(
    async () => expect(await resources()).toMatchObject({ items: [{ kind: 'Deployment', pods: [{ owner }] }] }),
    { timeout: 60_000, interval: 200 },
  );
  await stage.push({ tag: '1.2.0' });
  // Followed while the Job runs: its first lines are there before it knows how it ends.
  const live = await linesOf(api, stage, { update: 'web-2', part: /^Job\/web-2-test-1-/ });
  expect(live.lines).toEqual([
    'from 1.0.0 to 1.2.0',
    ...[1, 2, 3, 4, 5].map((table) => `table ${table}`),
    '12 rows are missing',
  ]);
  expect(live.verdictAtFirst).toBeUndefined();
  const bad = await untilUpdate(stage, 'web-2', { phases: ['RolledBack'], deadlineMs: 120_000 });
  expect(bad.status?.failure?.message).toMatch(
    /^test rows: Job web-2-test-1-\S+ failed with exit code 1: .*12 rows are missing$/s,
  );
  expect(await outcomesIn(stage)).toEqual(expect.arrayContaining(['web-1 Superseded', 'web-2 RolledBack']));
});
