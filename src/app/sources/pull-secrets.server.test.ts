/** Apps without `secretRef` on a registry behind a password: the Secrets of their workloads open it, as for the kubelet. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { webDeployment } from '../../../test/images/web-objects.ts';
import { openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, reader, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { deployments, secrets, serviceAccounts } from '../../kube/resource-types.ts';

let open: RunningRegistry;
let closed: RunningRegistry;
let stage: RuntimeStage;

beforeAll(async () => {
  open = await startRegistry();
  await pushVersions(open.host, 'web', ['1.0.0', '1.1.0']);
  closed = await startRegistry({ storage: open.storage, auth: { kind: 'basic' } });
});

afterAll(async () => {
  await Promise.all([open.stop(), closed.stop()]);
});

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

test('imagePullSecrets of the pod template', async () => {
  await putLogin('pull', reader.password);
  await putDeployment({ imagePullSecrets: [{ name: 'pull' }] });
  await putApp();

  await expectUpdate();
});

test('imagePullSecrets of which the first has an old password', async () => {
  await putLogin('old', 'hunter2');
  await putLogin('pull', reader.password);
  await putDeployment({ imagePullSecrets: [{ name: 'old' }, { name: 'pull' }] });
  await putApp();

  await expectUpdate();
});

test('imagePullSecrets of the ServiceAccount', async () => {
  await putLogin('pull', reader.password);
  const account = {
    metadata: { namespace: stage.namespace, name: 'runner' },
    imagePullSecrets: [{ name: 'pull' }],
  };
  await stage.client.create(serviceAccounts, account);
  await putDeployment({ serviceAccountName: 'runner' });
  await putApp();

  await expectUpdate();
});

test('without any the App says so, and goes on when the Secret is there', async () => {
  await putDeployment({ imagePullSecrets: [{ name: 'pull' }] });
  await putApp();

  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(status?.waiting?.message).toContain('401 Unauthorized');
    expect(status?.waiting?.message).toContain(`pull secret "pull" is not in namespace "${stage.namespace}"`);
  });
  await putLogin('pull', reader.password);
  await stage.pass(60_000, 'web');

  await expectUpdate();
  const everything = JSON.stringify([await stage.app('web'), await stage.updatesOf('web'), stage.log]);
  expect(everything).not.toContain(JSON.stringify(reader.password).slice(1, -1));
});

test('what is amiss is told of the own Secrets only, though all share the answer of the registry', async () => {
  for (const name of ['one', 'two']) {
    await putDeployment({ imagePullSecrets: [{ name: `missing-of-${name}` }] }, name);
    await putApp(name);
  }

  for (const [name, other] of [
    ['one', 'two'],
    ['two', 'one'],
  ] as const) {
    await stage.until(async () => {
      const { status } = await stage.app(name);
      expect(status?.waiting?.message).toContain(`pull secret "missing-of-${name}" is not in namespace`);
      expect(status?.waiting?.message).not.toContain(`missing-of-${other}`);
    });
  }
});

async function expectUpdate(): Promise<void> {
  await stage.until(async () => {
    const [update] = await stage.updatesOf('web');
    expect(update?.spec.changes[0]?.to.tag).toBe('1.1.0');
  });
}

async function putLogin(name: string, password: string): Promise<void> {
  const auths = { [closed.host]: { username: reader.username, password } };
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
  const object = { metadata: { namespace: stage.namespace, name }, type: 'kubernetes.io/dockerconfigjson', data };
  await stage.client.create(secrets, object);
}

async function putDeployment(fields: Readonly<Record<string, unknown>>, name = 'web'): Promise<void> {
  const { namespace } = stage;
  const object = webDeployment({ name, namespace, image: `${closed.host}/web:1.0.0`, replicas: 1 });
  const { template, ...spec } = object['spec'] as { template: { spec: object } };
  const changed = { ...object, spec: { ...spec, template: { ...template, spec: { ...template.spec, ...fields } } } };
  await stage.client.create(deployments, changed);
}

async function putApp(name = 'web'): Promise<void> {
  const policy = { semver: { range: '1.x' } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      interval: '1m',
      sources: [{ name: 'main', image: { repository: `${closed.host}/web`, insecure: true, policy } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
    },
  });
}
