import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { digest } from '../../test/fixtures.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { apps, type ProductObject, rejections, updates } from '../adapters/cluster/kinds.ts';
import { isOperationError, type OperationError } from '../core/errors.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject, ResourceType } from '../kube/objects.ts';
import { customResourceDefinitions } from '../kube/resource-types.ts';
import type { Condition } from './conditions.ts';
import { crdName } from './kind.ts';
import { kinds } from './kinds.ts';
import { decodeRejection } from './update/decode-rejection.ts';

type Json = Readonly<Record<string, unknown>>;

interface CrdObject extends KubeObject {
  readonly spec: { readonly versions: readonly { readonly subresources?: { readonly status?: object } }[] };
  readonly status: { readonly conditions: readonly Condition[] };
}

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
});

afterAll(() => client.close());

const source = { name: 'web', image: { repository: 'ghcr.io/org/web', policy: { semver: { range: '1.x' } } } };
const target = { name: 'web' };
const appSpec = { sources: [source], deploy: { workloads: { targets: [target] } } };
const updateSpec = {
  app: 'web',
  sequence: 1,
  trigger: { kind: 'Source', by: 'headgate', reason: 'newer' },
  changes: [{ source: 'web', repository: 'ghcr.io/org/web', from: { tag: '1.0.0' }, to: { tag: '1.1.0' } }],
};
const rejectionSpec = { app: 'web', digest: digest('1'), reason: 'CrashLoop', author: 'Update web-1' };

function create(type: ResourceType, name: string, spec: Json): Promise<ProductObject> {
  return client.create<ProductObject>(type, { metadata: { namespace, name }, spec });
}

/** The refusal that an action meets; a failed expectation when there is none. */
async function refusalOf(action: Promise<unknown>): Promise<OperationError> {
  const outcome = await action.then(
    () => 'the API server took it',
    (error: unknown) => error,
  );
  expect(outcome).toMatchObject({ code: 'API_INVALID' });
  return isOperationError(outcome) ? outcome : expect.fail('not an OperationError');
}

describe('the API server takes every CRD', () => {
  test.each(kinds)('$kind is established, without a complaint about its schema', async (kind) => {
    const crd = await client.get<CrdObject>(customResourceDefinitions, { namespace: '', name: crdName(kind) });
    const { conditions } = crd.status;

    expect(conditions).toContainEqual(expect.objectContaining({ type: 'NamesAccepted', status: 'True' }));
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }));
    expect(conditions.filter((condition) => condition.type === 'NonStructuralSchema')).toEqual([]);
    expect(crd.spec.versions[0]?.subresources?.status !== undefined).toBe(kind.status !== undefined);
  });

  test('writers of the spec cannot touch the status, and the other way round', async () => {
    const withStatus = { metadata: { namespace, name: 'web' }, spec: appSpec, status: { update: 'web-1' } };
    const made = await client.create<ProductObject>(apps, withStatus);
    expect(made.status).toBeUndefined();

    const written = await client.replaceStatus<ProductObject>(apps, {
      ...made,
      spec: { ...appSpec, interval: '1h' },
      status: { update: 'web-1' },
    });

    expect(written).toMatchObject({ spec: { interval: '5m' }, status: { update: 'web-1' } });
  });

  test('an App gets the defaults that its reference page tells', async () => {
    const { spec } = await create(apps, 'web', appSpec);

    expect(spec).toEqual({
      interval: '5m',
      trigger: 'Poll',
      suspend: false,
      historyLimit: 20,
      health: { timeout: '5m', stableFor: '30s' },
      sources: [{ ...source, image: { ...source.image, insecure: false } }],
      deploy: { workloads: { imageReference: 'Digest', changeCause: false, targets: [target] } },
    });
  });
});

const image = source.image;
const withImage = (changed: Json) => ({ ...appSpec, sources: [{ ...source, image: { ...image, ...changed } }] });
const withTarget = (changed: Json) => ({ ...appSpec, deploy: { workloads: { targets: [changed] } } });

describe('the API server takes an App with policy', () => {
  const filters = { filterTags: { pattern: '^v(.*)$', extract: '$1' }, include: ['^v'], exclude: ['-rc', 'x$'] };
  const path = { oneMajorAtATime: true, barriers: ['2.0'], deadEnds: ['2.1.3', '2.1.4'] };
  const policies: readonly Json[] = [
    { semver: { range: '1.x' }, ...filters, ...path },
    { step: 'minor', preReleases: true },
    { calver: {} },
    { calver: { format: 'YYYY.0M' } },
    { numeric: { order: 'desc' } },
    { numerical: { order: 'asc' } },
    { alphabetical: { order: 'asc' } },
    { regexp: { pattern: '^v(.*)$', extract: '$1' } },
    { glob: { pattern: 'v*' } },
    { digest: { tag: 'latest' } },
    { pinned: {} },
    { pinned: { tag: '1.2.3' } },
    { keel: { policy: 'minor', matchPreRelease: false, matchTag: true } },
    { filterTags: filters.filterTags, policy: { semver: { range: '1.x' } } },
    { policy: { numerical: { order: 'asc' } } },
  ];

  test.each(policies)('%o', async (policy) => {
    const { spec } = await create(apps, 'web', withImage({ policy }));

    expect(spec).toMatchObject({ sources: [{ image: { policy } }] });
  });
});

describe('the API server refuses an App', () => {
  test.each([
    { name: 'no deploy', spec: { ...appSpec, deploy: {} }, says: ['spec.deploy', 'exactly one of workloads'] },
    { name: 'no spec.deploy at all', spec: { sources: [source] }, says: ['spec.deploy', 'Required'] },
    { name: 'no sources', spec: { ...appSpec, sources: [] }, says: ['spec.sources', 'at least 1'] },
    {
      name: '21 sources',
      spec: { ...appSpec, sources: Array.from({ length: 21 }, (_, at) => ({ ...source, name: `s${at}` })) },
      says: ['spec.sources', 'at most 20'],
    },
    {
      name: 'two sources of one name',
      spec: { ...appSpec, sources: [source, source] },
      says: ['spec.sources[1]', 'Duplicate', 'web'],
    },
    {
      name: 'a source name that is no label',
      spec: { ...appSpec, sources: [{ ...source, name: 'Web_1' }] },
      says: ['spec.sources[0].name', 'Web_1'],
    },
    {
      name: 'two policies',
      spec: withImage({ policy: { semver: { range: '1.x' }, digest: { tag: 'latest' } } }),
      says: ['spec.sources[0].image.policy', 'exactly one of semver, numerical, alphabetical, step,'],
    },
    {
      name: 'no policy',
      spec: withImage({ policy: {} }),
      says: ['spec.sources[0].image.policy', 'exactly one of semver, numerical, alphabetical, step,'],
    },
    {
      name: 'two policies of Flux',
      spec: withImage({ policy: { policy: { semver: { range: '1.x' }, numerical: {} } } }),
      says: ['spec.sources[0].image.policy.policy', 'exactly one of semver, numerical and alphabetical'],
    },
    {
      name: 'an order that is none',
      spec: withImage({ policy: { numerical: { order: 'up' } } }),
      says: ['spec.sources[0].image.policy.numerical.order', '"asc", "desc"'],
    },
    {
      name: 'a step that is none',
      spec: withImage({ policy: { step: 'tiny' } }),
      says: ['spec.sources[0].image.policy.step', 'tiny'],
    },
    {
      name: 'an empty range',
      spec: withImage({ policy: { semver: { range: '' } } }),
      says: ['spec.sources[0].image.policy.semver.range', 'at least 1'],
    },
    {
      name: 'an empty repository',
      spec: withImage({ repository: '' }),
      says: ['spec.sources[0].image.repository', 'at least 1'],
    },
    {
      name: 'no targets',
      spec: { ...appSpec, deploy: { workloads: { targets: [] } } },
      says: ['targets', 'at least 1'],
    },
    {
      name: 'a target with name and selector',
      spec: withTarget({ name: 'web', selector: { matchLabels: { app: 'web' } } }),
      says: ['spec.deploy.workloads.targets[0]', 'exactly one of name and selector'],
    },
    {
      name: 'a target with neither name nor selector',
      spec: withTarget({ kind: 'Deployment' }),
      says: ['spec.deploy.workloads.targets[0]', 'exactly one of name and selector'],
    },
    {
      name: 'a selector without labels, which would match everything',
      spec: withTarget({ selector: { matchLabels: {} } }),
      says: ['spec.deploy.workloads.targets[0].selector.matchLabels', 'at least 1'],
    },
    {
      name: 'a kind that Headgate does not know',
      spec: withTarget({ name: 'web', kind: 'ReplicaSet' }),
      says: ['spec.deploy.workloads.targets[0].kind', 'ReplicaSet', 'Deployment', 'CronJob'],
    },
    {
      name: 'one container twice',
      spec: withTarget({ ...target, containers: [1, 2].map(() => ({ name: 'app', source: 'web' })) }),
      says: ['spec.deploy.workloads.targets[0].containers[1]', 'Duplicate', 'app'],
    },
    {
      name: 'an unknown form of image reference',
      spec: { ...appSpec, deploy: { workloads: { targets: [target], imageReference: 'digest' } } },
      says: ['spec.deploy.workloads.imageReference', '"digest"', 'Tag'],
    },
    { name: 'interval 5 minutes', spec: { ...appSpec, interval: '5 minutes' }, says: ['spec.interval', '5 minutes'] },
    { name: 'interval as number', spec: { ...appSpec, interval: 300 }, says: ['spec.interval', 'string'] },
    { name: 'interval -5m', spec: { ...appSpec, interval: '-5m' }, says: ['spec.interval', '-5m'] },
    {
      name: 'health.timeout 1d',
      spec: { ...appSpec, health: { timeout: '1d' } },
      says: ['spec.health.timeout', '1d'],
    },
    {
      name: 'health.stableFor ""',
      spec: { ...appSpec, health: { stableFor: '' } },
      says: ['spec.health.stableFor'],
    },
    { name: 'historyLimit 1', spec: { ...appSpec, historyLimit: 1 }, says: ['spec.historyLimit', '2'] },
    { name: 'historyLimit 201', spec: { ...appSpec, historyLimit: 201 }, says: ['spec.historyLimit', '200'] },
    { name: 'historyLimit 2.5', spec: { ...appSpec, historyLimit: 2.5 }, says: ['spec.historyLimit', 'integer'] },
    { name: 'suspend "yes"', spec: { ...appSpec, suspend: 'yes' }, says: ['spec.suspend', 'boolean'] },
  ])('with $name', async ({ spec, says }) => {
    const { message } = await refusalOf(create(apps, 'web', spec));

    expect(says.filter((part) => !message.includes(part))).toEqual([]);
  });

  test('with two deploys, of which one is unknown, where unknown fields are not dropped', async () => {
    const spec = { ...appSpec, deploy: { ...appSpec.deploy, compose: { path: 'deploy' } } };
    const strict = client.create<ProductObject>(
      apps,
      { metadata: { namespace, name: 'web' }, spec },
      { fieldValidation: 'Strict', dryRun: true },
    );

    expect((await refusalOf(strict)).message).toContain('unknown field "spec.deploy.compose"');
  });

  test('with a name of 53 characters, and takes one of 52', async () => {
    const { message } = await refusalOf(create(apps, 'a'.repeat(53), appSpec));

    expect(message).toContain('metadata.name: an App may have at most 52 characters');
    await expect(create(apps, 'a'.repeat(52), appSpec)).resolves.toBeDefined();
  });
});

describe('the API server refuses an Update', () => {
  test('whose spec is changed after it was made', async () => {
    const made = await create(updates, 'web-1', updateSpec);
    const change = { ...made, spec: { ...updateSpec, sequence: 2 } };

    const { message } = await refusalOf(client.replace<ProductObject>(updates, change));

    expect(message).toContain('spec: Invalid value');
    expect(message).toContain('an Update cannot be changed; make a new one');
  });

  test.each([
    { name: 'sequence 0', spec: { ...updateSpec, sequence: 0 }, says: ['spec.sequence', '1'] },
    { name: 'no changes', spec: { ...updateSpec, changes: [] }, says: ['spec.changes', 'at least 1'] },
    {
      name: 'an unknown trigger',
      spec: { ...updateSpec, trigger: { ...updateSpec.trigger, kind: 'Whim' } },
      says: ['spec.trigger.kind', 'Whim', 'Rollback'],
    },
    {
      name: 'an unknown state to restore',
      spec: { ...updateSpec, restore: { update: 'web-0', state: 'between' } },
      says: ['spec.restore.state', 'between', 'Before'],
    },
  ])('with $name', async ({ spec, says }) => {
    const { message } = await refusalOf(create(updates, 'web-1', spec));

    expect(says.filter((part) => !message.includes(part))).toEqual([]);
  });

  test('whose status has a phase that does not exist', async () => {
    const made = await create(updates, 'web-1', updateSpec);

    const { message } = await refusalOf(
      client.replaceStatus<ProductObject>(updates, { ...made, status: { phase: 'Thinking' } }),
    );

    expect(message).toContain('status.phase');
    expect(message).toContain('Thinking');
  });
});

describe('the API server refuses a Rejection', () => {
  test.each([
    { name: 'no digest', spec: { ...rejectionSpec, digest: undefined }, says: ['spec.digest', 'Required'] },
    { name: 'a tag for digest', spec: { ...rejectionSpec, digest: '1.2.0' }, says: ['spec.digest', '1.2.0'] },
    { name: 'a short digest', spec: { ...rejectionSpec, digest: 'sha256:123' }, says: ['spec.digest', 'sha256:123'] },
    {
      name: 'a digest in upper case',
      spec: { ...rejectionSpec, digest: digest('A') },
      says: ['spec.digest', digest('A')],
    },
    { name: 'no reason', spec: { ...rejectionSpec, reason: undefined }, says: ['spec.reason', 'Required'] },
    { name: 'no author', spec: { ...rejectionSpec, author: undefined }, says: ['spec.author', 'Required'] },
    {
      name: 'an end that is no time',
      spec: { ...rejectionSpec, expiresAt: 'next week' },
      says: ['spec.expiresAt', 'next week'],
    },
    {
      name: 'an end without zone, which means another moment everywhere',
      spec: { ...rejectionSpec, expiresAt: '2030-01-01T00:00:00' },
      says: ['spec.expiresAt', '2030-01-01T00:00:00'],
    },
    {
      name: 'an end with a comma, which we could not read',
      spec: { ...rejectionSpec, expiresAt: '2030-01-01T00:00:00,5Z' },
      says: ['spec.expiresAt', '2030-01-01T00:00:00,5Z'],
    },
    {
      name: 'an end in a zone that does not exist',
      spec: { ...rejectionSpec, expiresAt: '2030-01-01T00:00:00+99:00' },
      says: ['spec.expiresAt', '2030-01-01T00:00:00+99:00'],
    },
    {
      name: 'an end on a day that does not exist',
      spec: { ...rejectionSpec, expiresAt: '2030-02-30T00:00:00Z' },
      says: ['spec.expiresAt', '2030-02-30'],
    },
  ])('with $name', async ({ spec, says }) => {
    const { message } = await refusalOf(create(rejections, 'web-1', spec));

    expect(says.filter((part) => !message.includes(part))).toEqual([]);
  });
});

test.each([
  { expiresAt: '2030-01-31T00:00:00Z', means: '2030-01-31T00:00:00.000Z' },
  { expiresAt: '2030-01-31T00:00:00.123456789Z', means: '2030-01-31T00:00:00.123Z' },
  { expiresAt: '2030-01-31T05:30:00+05:30', means: '2030-01-31T00:00:00.000Z' },
  { expiresAt: '2030-01-30T12:00:00-12:00', means: '2030-01-31T00:00:00.000Z' },
  { expiresAt: '2030-01-31t00:00:00z', means: '2030-01-31T00:00:00.000Z' },
])('a Rejection until $expiresAt is taken and read as $means', async ({ expiresAt, means }) => {
  const made = await create(rejections, 'web-1', { ...rejectionSpec, expiresAt });

  expect(decodeRejection(made, 'Rejection').expiresAt?.toISOString()).toBe(means);
});

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

/** What `kubectl get -o wide` prints of one object, by the API server's own Table. */
async function rowOf(type: ResourceType, name: string): Promise<Record<string, unknown>> {
  const answer = (await client.request({
    what: `table of ${type.kind} ${name}`,
    method: 'GET',
    path: `/apis/${type.group}/${type.version}/namespaces/${namespace}/${type.plural}/${name}`,
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  })) as Table;
  return Object.fromEntries(
    answer.columnDefinitions.map((column, at) => [column.name, answer.rows[0]?.cells[at]] as const),
  );
}

describe('kubectl get', () => {
  test('shows of an App whether it is ready, its versions and what it waits for', async () => {
    const made = await create(apps, 'web', appSpec);
    const lastTransitionTime = new Date().toISOString();
    const status = {
      conditions: [{ type: 'Ready', status: 'True', reason: 'UpToDate', message: '', lastTransitionTime }],
      current: '1.0.0',
      available: '1.1.0',
      waiting: { reason: 'UpToDate', message: '' },
      update: 'web-7',
    };
    await client.replaceStatus<ProductObject>(apps, { ...made, status });

    expect(await rowOf(apps, 'web')).toEqual({
      Name: 'web',
      Ready: 'True',
      Current: '1.0.0',
      Available: '1.1.0',
      Waiting: 'UpToDate',
      Update: 'web-7',
      Suspended: false,
      Age: expect.stringMatching(/^\d+s$/),
    });
  });

  test('shows of an Update what moves, how far it is and why it failed', async () => {
    const made = await create(updates, 'web-1', updateSpec);
    const status = {
      phase: 'RollingBack',
      versions: 'web 1.0.0 -> 1.1.0',
      waiting: { reason: 'RollbackRollout', message: '' },
      failure: { reason: 'CrashLoop', message: '', blamesVersion: true },
    };
    await client.replaceStatus<ProductObject>(updates, { ...made, status });

    expect(await rowOf(updates, 'web-1')).toEqual({
      Name: 'web-1',
      App: 'web',
      Versions: 'web 1.0.0 -> 1.1.0',
      Phase: 'RollingBack',
      Waiting: 'RollbackRollout',
      Failure: 'CrashLoop',
      By: 'headgate',
      Age: expect.stringMatching(/^\d+s$/),
    });
  });

  test('shows of a Rejection what is rejected and until when', async () => {
    await create(rejections, 'web-1', { ...rejectionSpec, tag: '1.1.0', expiresAt: '2200-01-01T00:00:00Z' });

    expect(await rowOf(rejections, 'web-1')).toEqual({
      Name: 'web-1',
      App: 'web',
      Tag: '1.1.0',
      Author: 'Update web-1',
      Expires: '2200-01-01T00:00:00Z',
      Reason: 'CrashLoop',
      Digest: digest('1'),
      Age: expect.stringMatching(/^\d+s$/),
    });
  });
});
