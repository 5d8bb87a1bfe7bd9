/** A StatefulSet of two pods, each with a claim of its own from a template: both are kept before a change, and both come back. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test, vi } from 'vitest';
import { type ClaimObject, claims } from '../src/adapters/cluster/volume-objects.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { services, statefulSets } from '../src/kube/resource-types.ts';
import { folderClass } from '../test/cluster/volume-programs.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, putApp } from '../test/headgate/objects.ts';
import { imagesOf, rejectionsIn, untilObject, untilUpdate } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { webDeployment, webService } from '../test/images/web-objects.ts';

// Two pods one after the other, stopped and started three times, with volumes that are copied.
vi.setConfig({ testTimeout: 600_000 });

/** What each version does to its data before it serves, and what it serves of it. */
const keeps = '[ -s /data/rows ] || echo "rows of $HOSTNAME" >/data/rows\n';
const destroys = 'echo "lost by $HOSTNAME" >/data/rows\n';
const showRows = '#!/bin/sh\necho "Content-Type: text/plain"\necho\ncat /data/rows\n';

const claimNames = ['data-web-0', 'data-web-1'];

interface StatefulSetObject extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number };
}

/** StatefulSet `web` of two pods, whose claims are made of the template `data`. */
async function runWeb(stage: Stage): Promise<void> {
  const { client, namespace } = stage;
  const image = `${stage.repository()}:1.0.0`;
  const { metadata, spec } = webDeployment({ name: 'web', namespace, image, replicas: 2 });
  const { replicas, selector, template } = spec as {
    readonly replicas: number;
    readonly selector: object;
    readonly template: { readonly metadata: object; readonly spec: { readonly containers: readonly [object] } };
  };
  const container = {
    ...template.spec.containers[0],
    command: ['/bin/sh', '-c', '/bin/sh /www/migrate && exec /bin/sh /start'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const claimSpec = { accessModes: ['ReadWriteOnce'], storageClassName: folderClass };
  const volumeClaimTemplates = [
    { metadata: { name: 'data' }, spec: { ...claimSpec, resources: { requests: { storage: '1Gi' } } } },
  ];
  const pod = { ...template, spec: { ...template.spec, containers: [container] } };
  await client.create(services, webService({ name: 'web', namespace }));
  await client.create<StatefulSetObject>(statefulSets, {
    metadata,
    spec: { serviceName: 'web', replicas, selector, template: pod, volumeClaimTemplates },
  });
  await untilServed(stage);
}

async function untilServed(stage: Stage): Promise<void> {
  await untilObject<StatefulSetObject>(stage, statefulSets, {
    ...{ what: 'both pods are ready', name: 'web', deadlineMs: 150_000 },
    matches: ({ status }) => status?.readyReplicas === 2,
  });
}

async function rowsIn({ programs, kubeconfigPath, namespace }: Stage, pod: string): Promise<string> {
  const target = ['--kubeconfig', kubeconfigPath, '--namespace', namespace, 'exec', pod, '--', 'cat', '/data/rows'];
  return (await promisify(execFile)(programs.kubectl, target)).stdout;
}

test('both claims of a StatefulSet come back with their pods after a version that destroyed what was in them', async (context) => {
  const stage = await openStage(context, 'stateful');
  const { client, namespace } = stage;
  await stage.push({ tag: '1.0.0', pages: { migrate: keeps, 'cgi-bin/rows': showRows } });
  await runWeb(stage);
  const read = async (name: string) => await client.get<ClaimObject>(claims, { namespace, name });
  const before = await Promise.all(claimNames.map(read));
  // Healthy for each pod, and bad all the same: only what it serves tells.
  await stage.push({ tag: '1.1.0', pages: { migrate: destroys, 'cgi-bin/rows': showRows } });
  const http = { service: { name: 'web' }, path: '/cgi-bin/rows', expect: { body: [{ contains: 'rows of' }] } };
  await putApp(stage, {
    ...appSpec(stage),
    deploy: { workloads: { targets: [{ kind: 'StatefulSet', name: 'web' }] } },
    health: { timeout: '5m', stableFor: '1s' },
    tests: [{ name: 'rows', interval: '1s', failureLimit: 0, http }],
    backup: { snapshots: { className: folderClass }, scaleDown: true, timeout: '5m' },
    rollback: { data: 'OnFailure', required: true },
  });
  startHeadgate(stage);

  const { status } = await untilUpdate(stage, 'web-1', { phases: ['RolledBack'], deadlineMs: 500_000 });

  expect(status?.failure).toMatchObject({ reason: 'TestFailed', message: expect.stringContaining('lost by web-') });
  expect(status?.checkpoint).toMatchObject({
    ...{ kind: 'Snapshots', state: 'Completed', sizeBytes: 2 * 2 ** 30 },
    volumes: claimNames.map((claim) => ({ claim })),
  });
  expect(status?.dataRestore).toMatchObject({ state: 'Done', volumes: claimNames.map((claim) => ({ claim })) });
  expect(status?.stopped).toBeUndefined();
  await untilServed(stage);
  expect(await Promise.all(['web-0', 'web-1'].map((pod) => rowsIn(stage, pod)))).toEqual([
    'rows of web-0\n',
    'rows of web-1\n',
  ]);
  expect(await imagesOf(stage, statefulSets)).toEqual({ web: `${stage.repository()}:1.0.0` });
  expect(await rejectionsIn(stage)).toMatchObject([{ tag: '1.1.0' }]);

  const folders = join(inject('nodeDirectory'), 'csi-folders', 'volumes');
  for (const [index, swapped] of (status?.dataRestore?.volumes ?? []).entries()) {
    const [claim, broken] = [await read(swapped.claim), await read(swapped.brokenClaim)];
    expect([claim.spec.volumeName, claim.metadata.labels]).toEqual([swapped.newVolume, before[index]?.metadata.labels]);
    expect([broken.spec.volumeName, broken.status?.phase]).toEqual([before[index]?.spec.volumeName, 'Bound']);
    expect(readFileSync(join(folders, swapped.brokenVolume, 'rows'), 'utf8')).toBe(`lost by web-${index}\n`);
  }
  // Of what was made on the way nothing is left but the broken ones.
  const { items } = await client.list<ClaimObject>(claims, { namespace });
  expect(items).toHaveLength(4);
});
