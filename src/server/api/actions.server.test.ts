/** What people and programs do by the API: on a real API server and registry, with rights of their own, and the record that stays. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Answer, type ApiStage, openApiStage, type Rule, reader } from '../../../test/api-stage.ts';
import { completeJob, jobsFor } from '../../../test/jobs/play-jobs.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { listenToActions } from '../../app/listeners/action-listener.ts';
import { createEventRecorder } from '../../kube/events.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { events as eventType } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import { createLogger } from '../../telemetry/log.ts';

const may = (resources: string, verbs: readonly string[], resourceNames?: readonly string[]): Rule => ({
  apiGroups: ['headgate.dev'],
  resources: [resources],
  verbs,
  ...(resourceNames && { resourceNames }),
});

let registry: RunningRegistry;
let stage: ApiStage;
let stop: AbortController;
/** Everything, nothing but reading, and what a CI job of the App `ci` has. */
let admin: string;
let viewer: string;
let robot: string;

beforeAll(async () => {
  registry = await startRegistry();
  stop = new AbortController();
  stage = await openApiStage(inject('kubeconfig'));
  completeRollouts(stage, stop.signal);
  admin = await stage.person('admin', [
    reader,
    may('apps', ['check', 'deploy', 'hold', 'rollback']),
    may('updates', ['approve', 'reject']),
    may('rejections', ['delete']),
  ]);
  viewer = await stage.person('viewer', [reader]);
  robot = await stage.person('robot', [may('apps', ['deploy'], ['ci'])]);
});

afterAll(async () => {
  stop.abort();
  await stage.stop();
  await registry.stop();
});

async function follow(name: string, versions: readonly string[], spec: Partial<AppSpecWire> = {}): Promise<void> {
  await pushVersions(registry.host, `act/${name}`, versions);
  await createDeployment(stage, name, `${registry.host}/act/${name}:${versions[0]}`);
  const image = { repository: `${registry.host}/act/${name}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      interval: '24h',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '30m', stableFor: '0s' },
      ...spec,
    },
  });
}

function act(path: string, body: object = {}, token = admin): Promise<Answer> {
  const [resource, name, verb] = path.split(' ');
  return stage.ask(`/api/v1/${resource}/${stage.namespace}/${name}/${verb}`, { token, method: 'POST', body });
}

async function look(path: string): Promise<Record<string, unknown>> {
  const [resource, name] = path.split(' ');
  const { body } = await stage.ask(`/api/v1/${resource}/${stage.namespace}/${name}`, { token: admin });
  return body as Record<string, unknown>;
}

async function until(path: string, expected: object): Promise<void> {
  await stage.until(async () => expect(await look(path)).toMatchObject(expected));
}

const byAdmin = () => `system:serviceaccount:${stage.namespace}:admin`;

test('an Update is approved in the name of whoever calls, and the record says who, when, from where and why', async () => {
  await follow('gated', ['1.0.0', '1.1.0'], { gates: { approvals: { required: 1 } } });
  await until('updates gated-1', { waiting: { reason: 'ApprovalRequired' }, mayDo: ['approve', 'reject', 'rollback'] });
  const { body } = await stage.ask('/api/v1/approvals', { token: admin });
  expect(body).toMatchObject({ items: [{ update: { name: 'gated-1' }, mayApprove: true, hasApproved: false }] });
  expect((await act('updates gated-1 approve', {}, viewer)).status).toBe(403);

  const answer = await act('updates gated-1 approve', { reason: 'tested by hand' });

  expect([answer.status, answer.body]).toEqual([200, { approvals: [byAdmin()] }]);
  await until('updates gated-1', { phase: 'Succeeded', approvals: [{ by: byAdmin() }] });
  expect(await look('updates gated-1')).toMatchObject({
    actions: [
      { action: 'Approve', by: byAdmin(), from: '127.0.0.1', reason: 'tested by hand', at: expect.any(String) },
    ],
  });
  expect(stage.log).toContainEqual(
    expect.objectContaining({ msg: 'action done', action: 'Approve', by: byAdmin(), reason: 'tested by hand' }),
  );
  expect((await act('updates gated-1 approve')).body).toMatchObject({ status: 409, code: 'conflict' });
});

test('a version is rejected and, when the Rejection is lifted, taken after all', async () => {
  await follow('picky', ['1.0.0', '1.1.0'], { gates: { approvals: { required: 1 } } });
  await until('updates picky-1', { waiting: { reason: 'ApprovalRequired' } });

  expect((await act('updates picky-1 reject', { reason: 'it smells' })).body).toEqual({ rejected: ['1.1.0'] });

  await until('apps picky', { waiting: { reason: 'VersionRejected' } });
  const { body } = await stage.ask('/api/v1/rejections?app=picky', { token: admin });
  const [rejection] = (body as { items: { name: string }[] }).items;
  expect(rejection).toMatchObject({ tag: '1.1.0', author: byAdmin(), reason: 'it smells' });
  const path = `/api/v1/rejections/${stage.namespace}/${rejection?.name}`;
  expect((await stage.ask(path, { token: viewer, method: 'DELETE' })).status).toBe(403);
  expect((await stage.ask(`${path}?reason=sorry`, { token: admin, method: 'DELETE' })).status).toBe(200);
  await until('updates picky-2', { waiting: { reason: 'ApprovalRequired' } });
  expect(await look('apps picky')).toMatchObject({ actions: [{ action: 'LiftRejection' }] });
});

test('an App is held and let go', async () => {
  await follow('held', ['1.0.0']);
  await until('apps held', { state: 'Current' });

  const answer = await act('apps held hold', { reason: 'audit', for: '2h' });

  expect(answer.body).toMatchObject({ until: expect.stringMatching(/Z$/) });
  await until('apps held', {
    hold: { reason: `audit (${byAdmin()})`, until: (answer.body as { until: string }).until },
  });
  await pushVersions(registry.host, 'act/held', ['1.1.0']);
  expect((await act('apps held check')).status).toBe(200);
  await until('apps held', { state: 'Waiting', update: { waiting: { reason: 'Veto' } } });
  expect((await act('apps held unhold')).status).toBe(200);
  await until('apps held', { state: 'Current', current: '1.1.0' });
  expect(((await look('apps held'))['actions'] as { action: string }[]).map(({ action }) => action)).toEqual([
    'Hold',
    'Check',
    'Unhold',
  ]);
});

test('an Update that waits for its window begins when somebody wants it now', async () => {
  const never = [{ kind: 'Allow' as const, cron: '0 3 1 1 *', duration: '1m', timeZone: 'Etc/UTC' }];
  await follow('hurry', ['1.0.0', '1.1.0'], { gates: { windows: never } });
  await until('updates hurry-1', { waiting: { reason: 'Window' } });

  expect((await act('apps hurry update', { reason: 'fire' })).body).toMatchObject({ update: 'hurry-1' });

  await until('updates hurry-1', { phase: 'Succeeded', actions: [{ action: 'UpdateNow', reason: 'fire' }] });
});

test('an App goes back, and what is left is rejected', async () => {
  await follow('back', ['1.0.0', '1.1.0']);
  await until('updates back-1', { phase: 'Succeeded' });

  const { body } = await act('apps back rollback', { reason: 'slow' });

  expect(body).toEqual({ kind: 'Started', update: 'back-2', rejected: ['1.1.0'] });
  await until('apps back', { current: '1.0.0', actions: [{ action: 'RollBack', reason: 'slow' }] });
});

test('everything is paused and goes on, and holds of others stay', async () => {
  await follow('paused', ['1.0.0']);
  await until('apps paused', { state: 'Current' });
  await act('apps held hold', { reason: 'mine' });
  await until('apps held', { hold: {} });
  const all = (await stage.ask('/api/v1/apps', { token: admin })).body as { total: number };

  const none = await stage.ask('/api/v1/pause', { token: viewer, method: 'POST', body: {} });
  expect(none.body).toMatchObject({ apps: 0 });
  const seen = async (token = admin) => (await stage.ask('/api/v1/pause', { token })).body;
  expect(await seen()).toEqual({ apps: all.total, paused: 0, mayPause: true });
  expect(await seen(viewer)).toMatchObject({ paused: 0, mayPause: false });
  const body = { reason: 'release day', for: '2h' };
  const paused = await stage.ask('/api/v1/pause', { token: admin, method: 'POST', body });

  expect(paused.body).toEqual({ apps: all.total - 1, skipped: 1 });
  await until('apps paused', { hold: { reason: expect.stringContaining('release day') } });
  await until('apps held', { hold: { reason: expect.stringContaining('mine') } });
  await stage.until(async () =>
    expect(await seen()).toEqual({
      apps: all.total,
      paused: all.total - 1,
      reason: `release day (${byAdmin()})`,
      until: expect.stringMatching(/Z$/),
      mayPause: true,
    }),
  );
  const resumed = await stage.ask('/api/v1/resume', { token: admin, method: 'POST', body: {} });
  expect(resumed.body).toEqual({ apps: all.total - 1, skipped: 1 });
  await stage.until(async () => expect(await look('apps paused')).not.toHaveProperty('hold'));
  await stage.until(async () => expect(await seen()).toEqual({ apps: all.total, paused: 0, mayPause: true }));
});

describe('a CI job', () => {
  interface Line {
    readonly event: string;
    readonly [field: string]: unknown;
  }

  async function deploy(body: object, token = robot): Promise<{ answer: Answer; lines: readonly Line[] }> {
    const answering = act('apps ci deploy', body, token);
    let isDone = false;
    const moving = answering.finally(() => {
      isDone = true;
    });
    await stage.until(() => expect(isDone).toBe(true));
    const answer = await moving;
    return {
      answer,
      lines: answer.text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line])),
    };
  }

  beforeAll(async () => {
    const repository = `${registry.host}/act/ci`;
    await follow('ci', ['1.0.0', '1.1.0', '2.0.0'], {
      sources: [{ name: 'web', image: { repository, insecure: true, policy: { pinned: {} } } }],
    });
    await until('apps ci', { state: 'Current', current: '1.0.0' });
  });

  test('has no right to another App, nor to anything else', async () => {
    expect((await act('apps back deploy', { version: '1.0.0' }, robot)).status).toBe(403);
    expect((await act('apps ci rollback', {}, robot)).status).toBe(403);
    expect((await stage.ask(`/api/v1/apps/${stage.namespace}/ci`, { token: robot })).status).toBe(403);
  });

  test('names a version and is told each step, and how it ended', async () => {
    const { answer, lines } = await deploy({ version: '2.0.0', wait: true, reason: 'build 7' });

    expect(answer.headers.get('content-type')).toMatch('application/x-ndjson');
    expect(lines[0]).toEqual({ event: 'started', update: 'ci-1' });
    expect(lines.filter(({ event }) => event === 'step').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Plan', 'Apply', 'Watch']),
    );
    expect(lines.at(-1)).toEqual({ event: 'ended', outcome: 'Succeeded', update: 'ci-1' });
    expect(await look('updates ci-1')).toMatchObject({
      trigger: { kind: 'Deploy', by: `system:serviceaccount:${stage.namespace}:robot`, reason: 'build 7' },
    });
  });

  test('is told at once that a version runs, also as events', async () => {
    await until('apps ci', { state: 'Current', current: '2.0.0' });
    const { lines } = await deploy({ version: '2.0.0', wait: true });
    expect(lines).toEqual([{ event: 'ended', outcome: 'UpToDate' }]);

    const { status, body } = await act('apps ci deploy', { version: '2.0.0' }, robot);
    expect([status, body]).toEqual([202, { kind: 'UpToDate' }]);
  });

  test('is told the same as server-sent events where it asks for them', async () => {
    const answer = await stage.ask(`/api/v1/apps/${stage.namespace}/ci/deploy`, {
      token: robot,
      method: 'POST',
      body: { version: '1.0.0', wait: true },
      headers: { accept: 'text/event-stream' },
    });

    expect(answer.headers.get('content-type')).toMatch('text/event-stream');
    const events = answer.text.split('\n\n').filter((text) => text.startsWith('event:'));
    const told = events.map((text) => /^event: (\w+)\ndata: (\{.*\})$/.exec(text) ?? []);
    expect(told.map(([, event, data = '']) => [event, (JSON.parse(data) as { event: string }).event])).toEqual(
      told.map(([, event]) => [event, event]),
    );
    expect(told.at(0)?.[1]).toBe('started');
    expect(JSON.parse(told.at(-1)?.[2] ?? '')).toEqual({ event: 'ended', outcome: 'Succeeded', update: 'ci-2' });
  });

  test('may go back to an older version by its name', async () => {
    const { lines } = await deploy({ version: '1.1.0', wait: true });

    expect(lines.at(-1)).toMatchObject({ outcome: 'Succeeded' });
    await until('apps ci', { current: '1.1.0' });
  });

  test.each([
    [{ version: '9.9.9' }, 409, 'has no tag "9.9.9"'],
    [{ version: '2.0.0', digest: `sha256:${'0'.repeat(64)}` }, 409, 'and not sha256:000'],
    [{ digest: `sha256:${'0'.repeat(64)}` }, 409, 'none of the newest versions has this digest'],
    [{}, 409, 'give a version'],
    [{ version: '../x' }, 400, 'version'],
    [{ version: '2.0.0', source: 'other' }, 409, 'name one of its sources: web'],
  ])('%j is answered %i', async (body, status, detail) => {
    const answer = await act('apps ci deploy', body, robot);

    expect(answer.body).toMatchObject({ status, detail: expect.stringContaining(detail) });
  });

  test('cannot bring back what was rejected', async () => {
    await until('apps ci', { current: '1.1.0' });
    const { body } = await act('apps ci rollback', { reason: 'bad' });
    expect(body).toMatchObject({ rejected: ['1.1.0'] });
    await until('apps ci', { current: '1.0.0', state: 'Current' });

    const answer = await act('apps ci deploy', { version: '1.1.0' }, robot);

    expect(answer.body).toMatchObject({ status: 409, detail: expect.stringContaining('it was rejected by') });
  });
});

test('data comes back to what it was before an Update that kept it, and the record says who wanted it', async () => {
  const template = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
  await follow('kept', ['1.0.0', '1.1.0'], {
    backup: { job: { template: template('dump:1'), restore: template('restore:1') } },
    rollback: { data: 'Ask' },
  });
  const jobs = async (purpose: string) => {
    const all = await jobsFor(stage.client, stage.namespace, purpose);
    expect(all).toHaveLength(1);
    return { namespace: stage.namespace, name: all[0]?.metadata.name ?? '' };
  };
  await stage.until(async () => void (await jobs('backup')));
  await completeJob(stage.client, await jobs('backup'), 'size=4096');
  await until('apps kept', {
    current: '1.1.0',
    checkpoints: [{ update: 'kept-1', state: 'Completed', sizeBytes: 4096 }],
  });
  expect((await act('apps kept restore', {}, viewer)).status).toBe(403);
  expect((await act('apps kept restore', { to: 'kept-9' })).body).toMatchObject({
    status: 409,
    detail: expect.stringContaining('there are those of kept-1'),
  });
  expect((await act('apps kept restore', { keepData: true })).body).toMatchObject({ status: 409 });

  const { status, body } = await act('apps kept restore', { to: 'kept-1', reason: 'wrong numbers' });

  expect([status, body]).toEqual([200, { kind: 'Started', update: 'kept-2', data: true, rejected: ['1.1.0'] }]);
  await stage.until(async () => void (await jobs('restore')));
  await completeJob(stage.client, await jobs('restore'));
  await until('updates kept-2', { phase: 'Succeeded', restore: { update: 'kept-1', state: 'Before' } });
  await until('apps kept', {
    current: '1.0.0',
    actions: [{ action: 'Restore', by: byAdmin(), reason: 'wrong numbers' }],
  });
});

test('each action is an Event on what it was done to', async () => {
  await follow('told', ['1.0.0']);
  await until('apps told', { state: 'Current' });
  const stopped = new AbortController();
  const events = createEventRecorder({
    client: stage.client,
    controller: 'headgate.dev/controller',
    instance: 'test',
    signal: stopped.signal,
  });
  const { actionDone } = listenToActions(createLogger('error'), events);
  const { metadata } = await stage.app('told');
  const action = { action: 'Hold' as const, by: 'mia', at: new Date(), from: '127.0.0.1', reason: 'audit' };

  actionDone({ kind: 'App', metadata }, action);
  await events.flush();
  stopped.abort();

  const { items } = await stage.client.list<KubeObject>(eventType, { namespace: stage.namespace });
  expect(items).toContainEqual(
    expect.objectContaining({
      reason: 'Hold',
      action: 'Hold',
      note: 'by mia from 127.0.0.1: audit',
      regarding: expect.objectContaining({ kind: 'App', name: 'told', apiVersion: 'headgate.dev/v1alpha1' }),
    }),
  );
});

test('without rights nothing is done, and nothing is told of what is there', async () => {
  for (const path of [
    'apps back check',
    'apps back hold',
    'apps back update',
    'apps none rollback',
    'apps none restore',
    'updates none reject',
  ]) {
    const { status, body } = await act(path, {}, viewer);
    expect([path, status, body]).toEqual([path, 403, expect.objectContaining({ code: 'forbidden' })]);
  }
});
