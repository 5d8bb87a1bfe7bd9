/** A pass that begins with an old copy of its Update, as it comes about where the API server was away and the watch is behind. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { createDeployment } from '../../../test/runtime-stage.ts';
import { apps, type ProductObject, workloadTypes } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { watch } from '../../adapters/cluster/watched.ts';
import { ClusterWorkloads } from '../../adapters/cluster/workloads.ts';

import { noted, openJournal, resumed } from '../../core/update/transitions.ts';
import type { Workload, WorkloadKind } from '../../core/workload/workload.ts';
import { stopNoted } from '../../engine/checkpoint/stop-workloads.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments } from '../../kube/resource-types.ts';
import { decodeApp } from '../../resources/app/decode-app.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';

const { signal } = new AbortController();

let client: KubeClient;
let namespace: string;
let stop: AbortController;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  stop = new AbortController();
});

afterEach(() => stop.abort());

afterAll(() => client.close());

function openWorkloads(): ClusterWorkloads {
  const watched = (kind: WorkloadKind) =>
    watch<Workload>({
      ...{ client, type: workloadTypes[kind], namespaces: [namespace], signal: stop.signal },
      decode: (object) => decodeWorkload(kind, object),
      onChange: () => undefined,
      onError: () => undefined,
      onProblem: () => undefined,
    });
  return new ClusterWorkloads({
    ...{ client, signal: stop.signal, onPodChange: () => undefined, onError: () => undefined },
    watched: {
      Deployment: watched('Deployment'),
      StatefulSet: watched('StatefulSet'),
      DaemonSet: watched('DaemonSet'),
      CronJob: watched('CronJob'),
    },
  });
}

async function replicas(): Promise<number> {
  type Scaled = KubeObject & { readonly spec: { readonly replicas: number } };
  return (await client.get<Scaled>(deployments, { namespace, name: 'web' })).spec.replicas;
}

test('what the Update has let run again is not stopped once more, with nobody left to start it', async () => {
  const { metadata } = await createDeployment({ client, namespace }, 'web', 'web:1.0.0');
  const image = { repository: 'registry.example.com/web', policy: { semver: { range: '1.x' } } };
  const app = await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'web' },
    spec: {
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
    },
  });
  const records = createDirectRecords(client, { now: () => new Date() });
  const version = (tag: string) => ({ tag, digest: `sha256:${'0'.repeat(64)}` });
  const change = { source: 'web', repository: image.repository, from: version('1.0.0'), to: version('1.1.0') };
  const created = await records.createUpdate(
    decodeApp(app, 'App'),
    { app: 'web', sequence: 1, changes: [change], trigger: { kind: 'Source', by: 'test', reason: '1.1.0 is there' } },
    signal,
  );
  const stopped = [{ kind: 'Deployment', name: 'web', uid: metadata.uid ?? '', replicas: 1 }] as const;
  const journal = noted(openJournal(new Date()), { stopped });
  const stopping = await records.writeJournal(created, journal, signal);
  const context = { records, workloads: openWorkloads() };

  await stopNoted(context, { update: stopping, stopped }, signal);
  expect(await replicas()).toBe(0);

  await client.patch(deployments, { namespace, name: 'web' }, { kind: 'merge', body: { spec: { replicas: 1 } } });
  await records.writeJournal(stopping, resumed(journal), signal);
  await expect(stopNoted(context, { update: stopping, stopped }, signal)).rejects.toMatchObject({
    code: 'API_CONFLICT',
  });
  expect(await replicas()).toBe(1);
});
