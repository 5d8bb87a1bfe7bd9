import { describe, expect, test } from 'vitest';
import { convertBitesize } from './convert-bitesize.ts';

const options = { environment: undefined, registry: 'registry.example.com' };

function service(lines: string): string {
  const indented = lines
    .trim()
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n');
  return `project: docs\nenvironments:\n  - name: production\n    namespace: docs-prd\n    services:\n      -\n${indented}\n`;
}

function objectsOf(text: string) {
  const { objects, notes } = convertBitesize(text, options);
  return { notes, of: (kind: string) => objects.find((object) => object.kind === kind) };
}

test('a service becomes Deployment, Service, Ingress, autoscaler and App', () => {
  const { of, notes } = objectsOf(
    service(`
name: front
application: gummybears
version: 1.2.0
external_url: ["www.example.com", "example.com"]
ssl: "true"
port: 8080
hpa: {min_replicas: 2, max_replicas: 5, metric: {name: cpu, target_average_utilization: 80}}
requests: {cpu: 500m, memory: 100Mi}
annotations: [{name: team, value: shop}]
graceperiod: 30
`),
  );

  expect(of('Deployment')).toMatchObject({
    metadata: { name: 'front', namespace: 'docs-prd' },
    spec: {
      selector: { matchLabels: { creator: 'pipeline', name: 'front' } },
      template: {
        metadata: { annotations: { team: 'shop' } },
        spec: {
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: 'front',
              image: 'registry.example.com/docs/gummybears:1.2.0',
              ports: [{ containerPort: 8080 }],
              resources: { requests: { cpu: '500m', memory: '100Mi' }, limits: { cpu: '1000m', memory: '2048Mi' } },
            },
          ],
        },
      },
    },
  });
  expect(of('Deployment')).not.toHaveProperty('spec.replicas');
  expect(of('Service')).toMatchObject({ spec: { ports: [{ port: 8080 }], selector: { name: 'front' } } });
  expect(of('Ingress')).toMatchObject({
    metadata: { labels: { ssl: 'true' } },
    spec: { rules: [{ host: 'www.example.com' }, { host: 'example.com' }] },
  });
  expect(of('HorizontalPodAutoscaler')).toMatchObject({
    spec: { minReplicas: 2, maxReplicas: 5, metrics: [{ resource: { target: { averageUtilization: 80 } } }] },
  });
  expect(of('App')).toMatchObject({
    spec: {
      sources: [{ image: { repository: 'registry.example.com/docs/gummybears', policy: { pinned: {} } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'front' }] } },
    },
  });
  expect(notes.map(({ path }) => path)).toEqual(['environments[0].services[0].external_url']);
});

test('what is not said is as the operator had it', () => {
  const { of, notes } = objectsOf(service('name: back'));

  expect(of('Deployment')).toMatchObject({
    spec: {
      replicas: 1,
      template: {
        spec: { containers: [{ image: 'registry.example.com/docs/back:set-me', ports: [{ containerPort: 80 }] }] },
      },
    },
  });
  expect(of('Ingress')).toBeUndefined();
  expect(of('HorizontalPodAutoscaler')).toBeUndefined();
  expect(notes).toEqual([
    { path: 'environments[0].services[0]', line: 7, message: expect.stringContaining('back has no version') },
  ]);
});

test.each([
  ['port: 80', [80]],
  ['ports: "8080,8081"', [8080, 8081]],
  ['ports: [8080, 8081]', [8080, 8081]],
  ['port: nonsense', [80]],
])('%s', (line, ports) => {
  const { of } = objectsOf(service(`name: a\nversion: 1\n${line}`));

  expect(of('Service')).toMatchObject({ spec: { ports: ports.map((port) => ({ port })) } });
});

test('environment variables come from texts, Secrets and fields of the pod', () => {
  const { of } = objectsOf(
    service(`
name: a
version: 1
env:
  - {name: PLAIN, value: text}
  - {secret: TOKEN, value: vault}
  - {secret: OTHER, value: vault/key}
  - {name: NODE, pod_field: spec.nodeName}
`),
  );

  expect(of('Deployment')).toMatchObject({
    spec: {
      template: {
        spec: {
          containers: [
            {
              env: [
                { name: 'PLAIN', value: 'text' },
                { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'vault', key: 'vault' } } },
                { name: 'OTHER', valueFrom: { secretKeyRef: { name: 'vault', key: 'key' } } },
                { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
              ],
            },
          ],
        },
      },
    },
  });
});

test('volumes, probes and init containers', () => {
  const { of, notes } = objectsOf(
    service(`
name: a
version: 1
volumes:
  - {name: store, path: /data, modes: ReadWriteMany, size: 10G, type: EFS}
  - {name: keys, path: /keys, type: secret}
liveness_probe: {http_get: {path: /healthz, port: 80}, initial_delay_seconds: 5}
init_containers: [{application: migrate, name: migrate, version: 3, command: [run]}]
`),
  );

  expect(of('PersistentVolumeClaim')).toMatchObject({
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '10G' } } },
  });
  expect(of('Deployment')).toMatchObject({
    spec: {
      template: {
        spec: {
          initContainers: [{ name: 'migrate', image: 'registry.example.com/docs/migrate:3', command: ['run'] }],
          containers: [
            {
              livenessProbe: { httpGet: { path: '/healthz', port: 80 }, initialDelaySeconds: 5 },
              volumeMounts: [
                { name: 'store', mountPath: '/data' },
                { name: 'keys', mountPath: '/keys' },
              ],
            },
          ],
          volumes: [
            { name: 'store', persistentVolumeClaim: { claimName: 'store' } },
            { name: 'keys', secret: { secretName: 'keys' } },
          ],
        },
      },
    },
  });
  expect(notes.map(({ path }) => path)).toEqual(['environments[0].services[0].volumes[0].type']);
});

describe('what cannot be carried over is told with its line', () => {
  test.each([
    [
      'type: HelmChart\nchart: redis\nrepo: https://charts.example.com\nversion: 1.0',
      8,
      'is a Helm release (chart redis',
    ],
    ['type: couchbase\noptions: {size: "3"}', 8, 'is a custom resource couchbase'],
    ['database_type: mongo', 8, 'is a database'],
    ['version: 1\nservice_mesh: enable', 9, 'objects of your mesh'],
    ['version: 1\nnew_field: 1', 9, 'is not known'],
  ])('%j', (lines, line, message) => {
    const { notes } = convertBitesize(service(`name: a\n${lines}`), options);

    expect(notes).toEqual([expect.objectContaining({ line, message: expect.stringContaining(message) })]);
  });

  test('of an environment', () => {
    const text =
      'project: p\nenvironments:\n- name: dev\n  deployment: {method: bluegreen, active: blue}\n  tests: [{name: t}]\n  gists: [{path: x}]\n  services: []\nextra: 1\n';

    const { notes } = convertBitesize(text, options);

    expect(notes.map(({ path, line }) => [path, line])).toEqual([
      ['environments[0].deployment.method', 4],
      ['environments[0].deployment.active', 4],
      ['environments[0].tests', 5],
      ['environments[0].gists', 6],
      ['extra', 8],
    ]);
  });
});

test('one environment of several is chosen by name', () => {
  const text =
    'environments: [{name: dev, services: [{name: a, version: 1}]}, {name: prd, services: [{name: b, version: 1}]}]';

  const { objects } = convertBitesize(text, { ...options, environment: 'prd' });

  expect([...new Set(objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))]).toEqual(['prd/b']);
});

test.each([
  ['a: [', 'it is no YAML'],
  ['', 'it has no environment'],
  ['environments: 7', 'it has no environment'],
  ['environments: [{name: dev}]', 'it has no environment nowhere; there are dev'],
])('%j is refused', (text, message) => {
  const convert = () => convertBitesize(text, { ...options, environment: 'nowhere' });

  expect(convert).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }));
});
