import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { completeJob, failJob } from '../../../test/jobs/play-jobs.ts';
import { connectTo, createConfigMap, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { jobNameOf } from '../../core/job/job-name.ts';
import type { JobRequest } from '../../engine/ports/jobs.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { jobs, serviceAccounts } from '../../kube/resource-types.ts';
import { ClusterJobs } from './jobs.ts';

let client: KubeClient;
let namespace: string;
let uid: string;
let stop: AbortController;
let woken: string[];
let nowMs: number;
const never = new AbortController().signal;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  // Any object can own a Job; this one stands for an Update.
  ({ uid = '' } = (await createConfigMap(client, namespace, 'web-3')).metadata);
  stop = new AbortController();
  woken = [];
  nowMs = Date.now();
});

afterEach(() => stop.abort());

afterAll(() => client.close());

function openJobs(): ClusterJobs {
  return new ClusterJobs({
    client,
    clock: { now: () => new Date(nowMs) },
    onChange: (watcher) => woken.push(watcher),
    onError: () => undefined,
    signal: stop.signal,
  });
}

const template = {
  metadata: { labels: { team: 'shop' } },
  spec: {
    ttlSecondsAfterFinished: 1,
    template: {
      spec: {
        initContainers: [{ name: 'wait', image: 'dump:1' }],
        containers: [
          {
            name: 'dump',
            image: 'dump:1',
            env: [
              { name: 'HEADGATE_APP', value: 'mine' },
              { name: 'A', value: '1' },
            ],
          },
        ],
      },
    },
  },
};

function request(fields: Partial<JobRequest> = {}): JobRequest {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'web-3', uid };
  return {
    ...{ namespace, name: jobNameOf(owner, 'backup'), purpose: 'backup', template, env: { HEADGATE_APP: 'web' } },
    ...{ owner, deadlineSeconds: 60, retries: 2, serviceAccount: undefined },
    ...fields,
  };
}

interface Job extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

test('a Job is what the template says, with owner, deadline and environment', async () => {
  const asked = request();

  await openJobs().start(asked, never);

  const job = await client.get<Job>(jobs, { namespace, name: asked.name });
  expect(job.metadata).toMatchObject({
    labels: { team: 'shop', 'headgate.dev/purpose': 'backup' },
    ownerReferences: [{ kind: 'ConfigMap', name: 'web-3', uid }],
  });
  expect(job.spec).toMatchObject({
    backoffLimit: 2,
    activeDeadlineSeconds: 60,
    ttlSecondsAfterFinished: 604_800,
    template: {
      metadata: { labels: { 'headgate.dev/purpose': 'backup' } },
      spec: {
        restartPolicy: 'Never',
        initContainers: [{ env: [{ name: 'HEADGATE_APP', value: 'web' }] }],
        containers: [
          {
            env: [
              { name: 'HEADGATE_APP', value: 'web' },
              { name: 'A', value: '1' },
            ],
          },
        ],
      },
    },
  });
});

test('it is started once, whoever asks', async () => {
  const asked = request();
  await openJobs().start(asked, never);
  const [first] = (await client.list(jobs, { namespace })).items;

  await openJobs().start(asked, never);

  const { items } = await client.list(jobs, { namespace });
  expect(items.map(({ metadata }) => metadata.uid)).toEqual([first?.metadata.uid]);
  const other = request({ owner: { ...asked.owner, uid: 'another' } });
  await expect(openJobs().start(other, never)).rejects.toMatchObject({ code: 'UPDATE_CONFLICT' });
});

test('it is followed to its end, whose words are read from its pod', async () => {
  const adapter = openJobs();
  const asked = request();
  await adapter.start(asked, never);
  expect(await adapter.look('demo/web-3', asked, never)).toMatchObject({
    kind: 'Running',
    message: '0 pods active, 0 failed',
  });

  await completeJob(client, asked, 'size=4096');

  await vi.waitFor(() => expect(woken).toContain('demo/web-3'));
  await vi.waitFor(async () =>
    expect(await adapter.look('demo/web-3', asked, never)).toEqual({
      kind: 'Succeeded',
      message: 'size=4096',
      startedAt: expect.any(Date),
      finishedAt: expect.any(Date),
    }),
  );
});

test.each([
  ['BackoffLimitExceeded', 'Failed'],
  ['DeadlineExceeded', 'TimedOut'],
])('%s is %s', async (reason, kind) => {
  const adapter = openJobs();
  const asked = request();
  await adapter.start(asked, never);

  await failJob(client, asked, reason);

  // It is told by a watch, which is a moment behind.
  await vi.waitFor(async () =>
    expect(await adapter.look('demo/web-3', asked, never)).toMatchObject({
      kind,
      message: `${reason}: so it is`,
      log: '',
    }),
  );
});

test('one that nobody ends is over five minutes after its deadline', async () => {
  const adapter = openJobs();
  const asked = request();
  await adapter.start(asked, never);
  expect(await adapter.look('demo/web-3', asked, never)).toMatchObject({ kind: 'Running' });

  nowMs += 400_000;

  expect(await adapter.look('demo/web-3', asked, never)).toMatchObject({ kind: 'TimedOut' });
});

test('one that was deleted is gone, and deleting it again does no harm', async () => {
  const adapter = openJobs();
  const asked = request();
  await adapter.start(asked, never);
  await adapter.look('demo/web-3', asked, never);

  await adapter.delete(asked, never);
  await adapter.delete(asked, never);

  await vi.waitFor(async () => expect(await adapter.look('demo/web-3', asked, never)).toEqual({ kind: 'Gone' }));
});

test('it is created with the rights of the ServiceAccount that is named', async () => {
  await client.create(serviceAccounts, { metadata: { namespace, name: 'nobody' } });

  const started = openJobs().start(request({ serviceAccount: 'nobody' }), never);

  await expect(started).rejects.toMatchObject({ code: 'API_FORBIDDEN', message: expect.stringContaining('nobody') });
  expect((await client.list(jobs, { namespace })).items).toEqual([]);
});

test('a template that is none is refused with the field', async () => {
  const started = openJobs().start(request({ template: { spec: { template: { spec: {} } } } }), never);

  await expect(started).rejects.toMatchObject({
    code: 'API_INVALID',
    message: expect.stringContaining('spec.template.spec.containers'),
  });
});
