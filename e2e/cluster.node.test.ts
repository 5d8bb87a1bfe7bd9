/** The test cluster itself: real pods, cluster DNS, Services, the registry, helm and kubectl. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pushImage } from '../scripts/oci/push.ts';
import { outputOf } from '../test/cluster/run-command.ts';
import { makeWebImage } from '../test/images/web-image.ts';
import { webDeployment, webService } from '../test/images/web-objects.ts';

const namespace = `cluster-${randomBytes(3).toString('hex')}`;
const registry = inject('registry');
const version = '1.0.0';

async function kubectl(...parts: string[]): Promise<string> {
  return await outputOf(inject('kubectl'), ['--kubeconfig', inject('kubeconfig'), ...parts], 90_000);
}

async function apply(...objects: readonly unknown[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const path = join(inject('kubeconfig'), '..', `${namespace}.json`);
  await writeFile(path, list);
  await kubectl('apply', '-f', path);
}

beforeAll(async () => {
  await kubectl('create', 'namespace', namespace);
  const digest = await pushImage(makeWebImage({ version }), {
    host: registry,
    repository: 'web',
    tag: version,
    insecure: true,
  });
  const image = `${registry}/web:${version}@${digest}`;
  await apply(webDeployment({ name: 'web', namespace, image, replicas: 2 }), webService({ name: 'web', namespace }));
  await kubectl('rollout', 'status', 'deployment/web', '-n', namespace, '--timeout=60s');
});

afterAll(async () => {
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

test('pods of an image from the registry become ready and answer through the Service', async () => {
  const address = await kubectl('get', 'service', 'web', '-n', namespace, '-o', 'jsonpath={.spec.clusterIP}');

  const response = await request(`http://${address}/`);

  expect(await response.body.text()).toBe(`web ${version}\n`);
});

test('a pod finds a Service by name', async () => {
  const answer = await kubectl(
    'exec',
    '-n',
    namespace,
    'deployment/web',
    '--',
    'wget',
    '-qO-',
    `http://web.${namespace}.svc.cluster.local/`,
  );

  expect(answer).toBe(`web ${version}\n`);
});

test('a pod reaches the API server by its Service, with the ServiceAccount that it got', async () => {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

  const answer = await kubectl('exec', '-n', namespace, 'deployment/web', '--', 'ls', folder);

  expect(answer.split('\n')).toEqual(expect.arrayContaining(['ca.crt', 'namespace', 'token']));
});

test('logs of a pod can be read', async () => {
  expect(await kubectl('logs', '-n', namespace, 'deployment/web')).toContain(`web ${version}: listening`);
});

test('helm sees the cluster', async () => {
  const answer = await outputOf(inject('helm'), [
    'list',
    '--kubeconfig',
    inject('kubeconfig'),
    '-n',
    namespace,
    '-o',
    'json',
  ]);

  expect(JSON.parse(answer)).toEqual([]);
});
