/** Annotations written together with images, on a real API server. */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import type { WorkloadKind } from '../../core/workload/workload.ts';
import { workloadKinds } from '../../core/workload/workload.ts';
import type { WorkloadMarks } from '../../engine/ports/workloads.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { workloadTypes } from './kinds.ts';
import { markPatch } from './mark-patch.ts';

type Annotations = Readonly<Record<string, string>>;

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
});

afterAll(() => client.close());

interface WorkloadObject extends KubeObject {
  readonly spec: object;
}

async function create(kind: WorkloadKind, annotations?: Annotations): Promise<WorkloadObject> {
  const labels = { app: 'web' };
  const restartPolicy = kind === 'CronJob' ? 'Never' : 'Always';
  const template = {
    metadata: { labels, ...(annotations && { annotations }) },
    spec: { restartPolicy, containers: [{ name: 'app', image: 'web:1' }] },
  };
  const spec =
    kind === 'CronJob'
      ? { schedule: '* * * * *', jobTemplate: { spec: { template } } }
      : { selector: { matchLabels: labels }, template, ...(kind === 'StatefulSet' && { serviceName: 'web' }) };
  const metadata = { name: 'web', namespace, ...(annotations && { annotations }) };
  return await client.create<WorkloadObject>(workloadTypes[kind], { metadata, spec });
}

/** Annotations of the workload and of its template, without those of the API server. */
async function patched(kind: WorkloadKind, object: WorkloadObject, marks: WorkloadMarks) {
  const body = markPatch(kind, object, marks);
  const after = await client.patch<WorkloadObject>(
    workloadTypes[kind],
    { namespace, name: 'web' },
    { kind: 'json', body },
  );
  const { 'deprecated.daemonset.template.generation': _, ...own } = after.metadata.annotations ?? {};
  const template = /"template":\{"metadata":(\{.*?\}\})/.exec(JSON.stringify(after.spec))?.[1] ?? '{}';
  return { own, template };
}

const marks: WorkloadMarks = {
  annotations: { 'kubernetes.io/change-cause': 'web 1 -> 2', 'example.com/c': 'x', gone: null },
  podAnnotations: { 'imago/restartedAt': 'now' },
};

test.each(workloadKinds)('a %s without annotations gets them, and nobody else loses his first one', async (kind) => {
  const object = await create(kind);

  const { own, template } = await patched(kind, object, marks);

  expect(own).toEqual({ 'kubernetes.io/change-cause': 'web 1 -> 2', 'example.com/c': 'x' });
  expect(template).toContain('"annotations":{"imago/restartedAt":"now"}');
  await expect(patched(kind, object, { podAnnotations: { late: 'x' } })).rejects.toMatchObject({ code: 'API_INVALID' });
});

test.each(workloadKinds)('a %s with annotations keeps the others', async (kind) => {
  const object = await create(kind, { keep: 'me', gone: 'soon' });

  const { own, template } = await patched(kind, object, marks);

  expect(own).toEqual({ keep: 'me', 'kubernetes.io/change-cause': 'web 1 -> 2', 'example.com/c': 'x' });
  expect(template).toContain('"annotations":{"gone":"soon","imago/restartedAt":"now","keep":"me"}');
});
