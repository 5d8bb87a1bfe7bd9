/** What an Update waits for before it begins, on a real API server and registry, with a clock that the test moves. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { createAccessReviews } from '../../adapters/cluster/access-reviews.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { approveUpdate, rejectUpdate } from '../../engine/update/approve.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { configMaps, deployments } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';

interface ContainersObject extends KubeObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly name: string }[] } };
  };
}

const hourMs = 3_600_000;
const signal = new AbortController().signal;

let registry: RunningRegistry;
let stage: RuntimeStage;
let stop: AbortController;
let repository = 0;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

async function open(settings: Parameters<typeof openRuntimeStage>[1] = {}): Promise<void> {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'), settings);
  repository += 1;
}

async function close(): Promise<void> {
  stop.abort();
  await stage.stop();
}

/** A Deployment that runs 1.0.0 of a repository of its own that has 1.1.0, and the App that follows it. */
async function follow(name: string, gates: AppSpecWire['gates']): Promise<void> {
  await pushVersions(registry.host, pathOf(name), ['1.0.0', '1.1.0']);
  await createDeployment(stage, name, `${registry.host}/${pathOf(name)}:1.0.0`);
  const image = {
    repository: `${registry.host}/${pathOf(name)}`,
    insecure: true,
    policy: { semver: { range: '1.x' } },
  };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      interval: '5m',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '30m', stableFor: '0s' },
      gates,
    },
  });
}

const pathOf = (name: string) => `gates-${repository}/${name}`;

async function tagOf(name: string): Promise<string | undefined> {
  const object = await stage.client.get<KubeObject>(deployments, { namespace: stage.namespace, name });
  return /:(\d+\.\d+\.\d+)(@|")/.exec(JSON.stringify(object))?.[1];
}

const phasesOf = async (app: string) => (await stage.updatesOf(app)).map(({ status }) => status?.phase ?? 'none');
const waitingOf = async (app: string) => (await stage.updatesOf(app)).at(-1)?.status?.waiting?.reason;
const waits = (app: string, reason: string) => stage.until(async () => expect(await waitingOf(app)).toBe(reason));
const arrives = (app: string, tag: string) => stage.until(async () => expect(await tagOf(app)).toBe(tag));

function contextOf(client: KubeClient) {
  const clock = { now: () => stage.clock.now() };
  return { records: createDirectRecords(client, clock), reviews: createAccessReviews(client), clock };
}

const rbac = (kind: string, plural: string): ResourceType => ({
  ...{ group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural },
  namespaced: true,
});

/** A person who may read Updates and write into them, and perhaps approve them. */
async function person(name: string, verbs: readonly string[]): Promise<KubeClient> {
  const metadata = { namespace: stage.namespace, name };
  const rules = [
    { apiGroups: ['headgate.dev'], resources: ['updates'], verbs: ['get', 'list', ...verbs] },
    { apiGroups: ['headgate.dev'], resources: ['updates/status'], verbs: ['update'] },
  ];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }];
  await stage.client.create(rbac('Role', 'roles'), { metadata, rules } as never);
  await stage.client.create(rbac('RoleBinding', 'rolebindings'), { metadata, roleRef, subjects } as never);
  const acting = stage.client.actAs(name);
  // The API server knows of a role a moment after it was written, because its authorizer watches them as anybody does.
  const reviews = createAccessReviews(acting);
  const update = { resource: 'updates', namespace: stage.namespace, name: 'any' };
  await stage.until(async () => {
    for (const verb of ['list', ...verbs]) {
      expect(await reviews.may(verb, update, signal)).toBe(true);
    }
  });
  return acting;
}

/** An Allow window of an hour that opens in two. */
function windowInTwoHours(): { readonly kind: 'Allow'; readonly cron: string; readonly duration: string } {
  const at = new Date(stage.clock.now().getTime() + 2 * hourMs);
  return { kind: 'Allow', cron: `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`, duration: '1h' };
}

describe('an Update waits', () => {
  beforeEach(() => open());
  afterEach(close);

  test('for its window, says so in the App too, and asks nothing meanwhile', async () => {
    await follow('web', { windows: [windowInTwoHours()] });
    await waits('web', 'Window');

    await stage.until(async () => {
      const { status } = await stage.app('web');
      const message = expect.stringMatching(/no Allow window is open.*web-1/);
      expect(status?.waiting).toMatchObject({ reason: 'Window', message });
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    });
    await stage.pass(0, 'web');
    const mark = stage.asked().length;
    await stage.pass(0, 'web');
    expect(stage.asked(mark)).toEqual([]);
    expect(await tagOf('web')).toBe('1.0.0');

    completeRollouts(stage, stop.signal);
    await stage.clock.advance(2 * hourMs);
    await arrives('web', '1.1.0');
  });

  test('for two people, of whom one counts once, and who need the right', async () => {
    await follow('web', { approvals: { required: 2 } });
    await waits('web', 'ApprovalRequired');
    const update = { namespace: stage.namespace, name: 'web-1' };
    const [ann, bob, eve] = [
      await person('ann', ['approve']),
      await person('bob', ['approve']),
      await person('eve', []),
    ];

    await expect(approveUpdate(contextOf(eve), update, signal)).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      message: expect.stringContaining('"eve" has no right to it'),
    });
    await approveUpdate(contextOf(ann), update, signal);
    expect(await approveUpdate(contextOf(ann), update, signal)).toEqual({ by: 'ann', approvals: ['ann'] });
    await stage.pass(1_000, 'web');
    expect(await phasesOf('web')).toEqual(['Pending']);

    await approveUpdate(contextOf(bob), update, signal);

    await arrives('web', '1.1.0');
    const [done] = await stage.updatesOf('web');
    expect(done?.status?.approvals?.map(({ by }) => by)).toEqual(['ann', 'bob']);
  });

  test('no longer than the deadline, and is asked anew for a newer version', async () => {
    await follow('web', { approvals: { required: 1, deadline: '1h' } });
    await waits('web', 'ApprovalRequired');

    await stage.clock.advance(hourMs + 1_000);
    await waits('web', 'ApprovalExpired');
    await pushVersions(registry.host, pathOf('web'), ['1.2.0']);
    await stage.clock.advance(6 * 60_000);

    await stage.until(async () => expect(await phasesOf('web')).toEqual(['Cancelled', 'Pending']));
    await waits('web', 'ApprovalRequired');
  });

  test('until a veto is lifted or ends', async () => {
    await follow('web', {});
    const app = { namespace: stage.namespace, name: 'late' };
    await pushVersions(registry.host, pathOf('late'), ['1.0.0']);
    await createDeployment(stage, 'late', `${registry.host}/${pathOf('late')}:1.0.0`);
    await stage.client.create<ProductObject>(apps, {
      metadata: { ...app, annotations: { 'headgate.dev/veto': 'exams' } },
      spec: {
        sources: [
          {
            name: 'web',
            image: {
              repository: `${registry.host}/${pathOf('late')}`,
              insecure: true,
              policy: { semver: { range: '1.x' } },
            },
          },
        ],
        deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'late' }] } },
      },
    });
    await pushVersions(registry.host, pathOf('late'), ['1.1.0']);
    await stage.clock.advance(6 * 60_000);
    await waits('late', 'Veto');
    expect(await tagOf('late')).toBe('1.0.0');

    await contextOf(stage.client).records.annotateApp(app, { 'headgate.dev/veto': null }, signal);

    await arrives('late', '1.1.0');
  });

  test('and is of no use any more once somebody has changed what runs', async () => {
    await follow('web', { approvals: { required: 1 } });
    await waits('web', 'ApprovalRequired');
    await pushVersions(registry.host, pathOf('web'), ['1.3.0']);

    const image = `${registry.host}/${pathOf('web')}:1.3.0`;
    const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
    const container = await stage.client.get<ContainersObject>(deployments, {
      namespace: stage.namespace,
      name: 'web',
    });
    const name = container.spec.template.spec.containers[0]?.name ?? 'web';
    body.spec.template.spec.containers = [{ name, image }];
    await stage.client.patch(deployments, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });

    await stage.until(async () => expect((await phasesOf('web'))[0]).toBe('Cancelled'));
    expect(await tagOf('web')).toBe('1.3.0');
  });

  test('and is of no use any more once its policy would not take it', async () => {
    await follow('web', { windows: [windowInTwoHours()] });
    await waits('web', 'Window');
    const key = { namespace: stage.namespace, name: 'web' };
    const image = {
      repository: `${registry.host}/${pathOf('web')}`,
      insecure: true,
      policy: { semver: { range: '1.x' }, deadEnds: ['1.1.0'] },
    };

    await stage.client.patch(apps, key, { kind: 'merge', body: { spec: { sources: [{ name: 'web', image }] } } });

    await stage.until(async () => expect(await phasesOf('web')).toEqual(['Cancelled']));
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.steps?.[0]?.message).toBe(
      'web 1.1.0 is a dead end, which the policy never takes, as the policy is by now',
    );
    expect(await tagOf('web')).toBe('1.0.0');
  });

  test('and ends when a person rejects its version for good', async () => {
    await follow('web', { approvals: { required: 1 } });
    await waits('web', 'ApprovalRequired');

    const rejected = await rejectUpdate(
      contextOf(stage.client),
      { namespace: stage.namespace, name: 'web-1' },
      'not this one',
      signal,
    );

    expect(rejected).toEqual(['1.1.0']);
    await stage.until(async () => expect(await phasesOf('web')).toEqual(['Cancelled']));
    await stage.until(async () => expect((await stage.app('web')).status?.waiting?.reason).toBe('VersionRejected'));
    const { items } = await stage.client.list<ProductObject>(rejections, { namespace: stage.namespace });
    expect(items).toMatchObject([{ spec: { reason: 'not this one', update: 'web-1' } }]);
  });
});

describe('windows of a namespace', () => {
  beforeEach(() => open());
  afterEach(close);
  const put = async (windows: string) => {
    await stage.client.apply(
      configMaps,
      { namespace: stage.namespace, name: 'headgate-gates' },
      {
        ...{ apiVersion: 'v1', kind: 'ConfigMap' },
        metadata: { namespace: stage.namespace, name: 'headgate-gates' },
        data: { windows },
      },
      { fieldManager: 'test', force: true },
    );
  };

  test('hold for its Apps, Allow windows for those that have none of their own', async () => {
    await put(JSON.stringify([windowInTwoHours()]));
    await follow('web', {});
    const now = stage.clock.now();
    const cron = `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`;
    await follow('own', { windows: [{ kind: 'Allow', cron, duration: '10m' }] });

    await waits('web', 'Window');
    await arrives('own', '1.1.0');
    expect(await tagOf('web')).toBe('1.0.0');

    await put('[]');
    await arrives('web', '1.1.0');
  });

  test('that cannot be read let nothing begin, and say what is wrong', async () => {
    await put('[{kind: Allow, cron: "every night", duration: 2h}]');
    await follow('web', {});

    await waits('web', 'Window');
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.waiting?.message).toMatch(
      /the windows of the namespace cannot be read \(ConfigMap .*headgate-gates\).*"every night"/,
    );
    expect(await tagOf('web')).toBe('1.0.0');

    await put('');
    await arrives('web', '1.1.0');
  });
});

describe('a window that closes', () => {
  beforeEach(() => open());
  afterEach(close);

  test('undoes what has not proved itself, and blames no version for it', async () => {
    const now = stage.clock.now();
    const cron = `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`;
    await follow('web', { windows: [{ kind: 'Allow', cron, duration: '10m' }], atWindowEnd: 'Undo' });
    await arrives('web', '1.1.0');

    await stage.clock.advance(11 * 60_000);
    await arrives('web', '1.0.0');
    completeRollouts(stage, stop.signal);

    await stage.until(async () => expect(await phasesOf('web')).toEqual(['Failed']));
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.failure).toMatchObject({ reason: 'WindowClosed', blamesVersion: false });
    expect((await stage.client.list(rejections, { namespace: stage.namespace })).items).toEqual([]);
  });
});

describe('with one Update at once', () => {
  beforeEach(() =>
    open({ gateDefaults: { windows: [], vetoes: [], maxUpdates: 1, maxUpdatesPerNamespace: undefined } }),
  );
  afterEach(close);

  test('the others take their turn', async () => {
    await follow('one', {});
    await arrives('one', '1.1.0');
    await follow('two', {});
    await waits('two', 'UpdateLimit');
    expect(await tagOf('two')).toBe('1.0.0');

    completeRollouts(stage, stop.signal);

    await arrives('two', '1.1.0');
  });
});
