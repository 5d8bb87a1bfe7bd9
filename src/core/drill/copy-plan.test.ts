import { expect, test } from 'vitest';
import type { Fields } from '../health/objects/fields.ts';
import { type CopyRequest, planCopy } from './copy-plan.ts';

const namespace = 'headgate-drill-shop-0123456789';
const labels = { 'app.kubernetes.io/managed-by': 'headgate', 'headgate.dev/drill': namespace };
const labelled = (name: string) => ({ namespace, name, labels });

const deployment = (spec: object = {}, more: object = {}): Fields => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    ...{ name: 'shop', namespace: 'live', uid: 'u', resourceVersion: '7', finalizers: ['a/b'] },
    labels: { 'argocd.argoproj.io/instance': 'shop' },
    annotations: { 'keel.sh/policy': 'all' },
    ownerReferences: [{ kind: 'Other', name: 'x', uid: 'y' }],
  },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' }, annotations: { 'keel.sh/policy': 'all', note: 'kept' } },
      spec: { containers: [{ name: 'main', image: 'shop:1' }], ...spec },
    },
    ...more,
  },
  status: { readyReplicas: 2 },
});

const claim = (name: string, storage = '1Gi'): Fields => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'live', annotations: { 'volume.kubernetes.io/selected-node': 'one' } },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    volumeName: 'pv-1',
    resources: { requests: { storage } },
  },
});

const mounting = (claimName: string) => ({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] });

const plan = (objects: readonly Fields[], more: Partial<CopyRequest> = {}) =>
  planCopy({ namespace, objects, volumes: [], jobs: [], isFilled: false, ...more });

function planned(objects: readonly Fields[], more: Partial<CopyRequest> = {}) {
  const made = plan(objects, more);
  if (made.kind !== 'Plan') {
    throw new Error(made.why);
  }
  return made;
}

test('a workload keeps its spec, and nothing that other controllers act upon', () => {
  const { workloads, before, leftOut } = planned([deployment()]);
  expect(workloads).toEqual([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: labelled('shop'),
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'shop' } },
        template: {
          metadata: { labels: { app: 'shop', 'headgate.dev/drill': namespace }, annotations: { note: 'kept' } },
          spec: { containers: [{ name: 'main', image: 'shop:1' }] },
        },
      },
    },
  ]);
  expect([before, leftOut]).toEqual([[], []]);
});

test('a claim is made of its snapshot, at least as large as that', () => {
  const { before, volumes } = planned([deployment(mounting('data')), claim('data')], {
    volumes: [{ claim: 'data', snapshot: 'data-shop-1', sizeBytes: 2 ** 31 }],
  });
  expect(volumes).toEqual([{ claim: 'data', snapshot: 'data-shop-1', sizeBytes: 2 ** 31 }]);
  expect(before).toEqual([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: labelled('data'),
      spec: {
        ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'fast' },
        resources: { requests: { storage: String(2 ** 31) } },
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-shop-1' },
      },
    },
  ]);
});

test('claims of a StatefulSet are made under the names under which it finds them', () => {
  const set = {
    ...deployment({}, { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('x')['spec'] }] }),
    kind: 'StatefulSet',
  };
  const { before } = planned([set, claim('data-shop-0'), claim('data-shop-1')], { isFilled: true });
  expect(before.map(({ metadata }) => metadata)).toEqual([labelled('data-shop-0'), labelled('data-shop-1')]);
});

test.each([
  [
    'LoadBalancer',
    { type: 'LoadBalancer', clusterIP: '10.0.0.1', externalIPs: ['1.2.3.4'], loadBalancerIP: '1.2.3.4' },
    {},
  ],
  ['NodePort', { type: 'NodePort', clusterIP: '10.0.0.1', externalTrafficPolicy: 'Local' }, {}],
  ['ClusterIP', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }, {}],
  ['headless', { clusterIP: 'None' }, { clusterIP: 'None' }],
])('a %s Service is reached from within the cluster alone', (_, spec, more) => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com' } },
    spec: { ...spec, selector: { app: 'shop' }, ports: [{ port: 80, nodePort: 30_080 }] },
  };
  expect(planned([deployment(), service]).before).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: labelled('shop'),
      spec: { type: 'ClusterIP', selector: { app: 'shop' }, ports: [{ port: 80 }], ...more },
    },
  ]);
});

test.each([
  ['Ingress', 'networking.k8s.io/v1'],
  ['HTTPRoute', 'gateway.networking.k8s.io/v1'],
  ['HorizontalPodAutoscaler', 'autoscaling/v2'],
  ['CronJob', 'batch/v1'],
  ['ClusterRoleBinding', 'rbac.authorization.k8s.io/v1'],
  ['Pod', 'v1'],
])('a %s is left out, and that is said', (kind, apiVersion) => {
  const { before, workloads, leftOut } = planned([deployment(), { apiVersion, kind, metadata: { name: 'other' } }]);
  expect([before.length, workloads.length, leftOut]).toEqual([0, 1, [`${kind}/other is left out`]]);
});

test('a Service that leads out of the cluster is left out', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db' }, spec: { type: 'ExternalName' } };
  expect(planned([deployment(), service]).leftOut).toEqual(['Service/db is left out']);
});

test('what pods name comes along where the checkpoint has it, without rights', () => {
  const spec = {
    serviceAccountName: 'shop',
    containers: [
      {
        ...{ name: 'main', image: 'shop:1', envFrom: [{ configMapRef: { name: 'settings' } }] },
        env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'password', key: 'p' } } }],
      },
    ],
    imagePullSecrets: [{ name: 'pull' }],
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'password' },
    type: 'Opaque',
    data: { p: 'eA==' },
  };
  const other = { ...secret, metadata: { name: 'other' } };
  const { before, leftOut } = planned([deployment(spec), secret, other]);
  expect(before).toEqual([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: labelled('shop') },
    { apiVersion: 'v1', kind: 'Secret', metadata: labelled('password'), type: 'Opaque', data: { p: 'eA==' } },
  ]);
  expect(leftOut).toEqual([
    'Secret/other is left out',
    'ConfigMap/settings is not in the checkpoint',
    'Secret/pull is not in the checkpoint',
  ]);
});

test.each<[string, readonly Fields[], Partial<CopyRequest>, RegExp]>([
  ['nothing to start', [claim('data')], {}, /no Deployment, StatefulSet or DaemonSet to start/],
  [
    'a folder of the node',
    [deployment({ volumes: [{ name: 'data', hostPath: { path: '/data' } }] })],
    {},
    /^Deployment\/shop: volume data is of kind hostPath, so that a copy would work on that of the App itself$/,
  ],
  [
    'a claim of which nothing is kept',
    [deployment(mounting('data')), claim('data')],
    {},
    /^the checkpoint keeps no data of PersistentVolumeClaim data, and an empty one would prove nothing$/,
  ],
  ['NFS', [deployment({ volumes: [{ name: 'data', nfs: { server: 'x' } }] })], {}, /of kind nfs/],
  ['the network of the node', [deployment({ hostNetwork: true })], {}, /its pods have hostNetwork/],
  [
    'ports of the node',
    [deployment({ containers: [{ name: 'main', ports: [{ containerPort: 1, hostPort: 1 }] }] })],
    {},
    /its pods have hostPorts/,
  ],
  [
    'a restore Job with a claim of its own',
    [deployment(mounting('data')), claim('data')],
    { isFilled: true, jobs: [{ what: 'spec.backup.job.restore', template: { spec: mounting('dumps') } }] },
    /^spec\.backup\.job\.restore mounts PersistentVolumeClaim dumps, which is not in the checkpoint/,
  ],
  [
    'a claim to be filled that takes a volume which lies there',
    [deployment(mounting('data')), { ...claim('data'), spec: { storageClassName: '' } }],
    { isFilled: true },
    /^PersistentVolumeClaim data takes a volume that is there already/,
  ],
  [
    'more objects than an App has',
    [deployment(mounting('data')), ...Array.from({ length: 2_000 }, () => claim('data'))],
    {},
    /^the checkpoint holds 2001 objects, more than 2000$/,
  ],
])('%s: refused', (_, objects, more, why) => {
  expect(plan(objects, more)).toEqual({ kind: 'Refused', why: expect.stringMatching(why) });
});

test('a snapshot that no workload mounts is not tried, and that is said', () => {
  const { volumes, leftOut } = planned([deployment()], { volumes: [{ claim: 'old', snapshot: 'old-1' }] });
  expect(volumes).toEqual([]);
  expect(leftOut).toEqual(['PersistentVolumeClaim/old is mounted by no workload of the checkpoint']);
});
