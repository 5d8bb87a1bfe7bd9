/** The Helm chart against the real helm and a real API server; pods of it run in the demo. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump, load } from 'js-yaml';
import { beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { pushImage } from '../scripts/oci/push.ts';
import { apps, channels, type ProductObject, updates } from '../src/adapters/cluster/kinds.ts';
import { runController } from '../src/app/run-controller.ts';
import { parseRegistryLimits } from '../src/app/sources/registry-limits.ts';
import { parseMirrorings } from '../src/app/sources/registry-mirrors.ts';
import type { KubeClient } from '../src/kube/client.ts';
import type { KubeObject, NewObject } from '../src/kube/objects.ts';
import {
  configMaps,
  deployments,
  events,
  leases,
  namespaces,
  secrets,
  serviceAccounts,
  services,
} from '../src/kube/resource-types.ts';
import { locateTools } from './cluster/binaries.ts';
import { outputOf } from './cluster/run-command.ts';
import { waitUntil } from './cluster/wait-until.ts';
import { makeWebImage } from './images/web-image.ts';
import { webDeployment } from './images/web-objects.ts';
import { connectTo, createNamespace } from './kube/server-fixtures.ts';
import { reader, startRegistry } from './servers/registry.ts';

const chart = fileURLToPath(new URL('../chart', import.meta.url));
const image = 'image.repository=registry.example.com/headgate';

let helm: string;

beforeAll(async () => {
  ({ helm } = await locateTools(['helm']));
});

test('helm lint has nothing to say', async () => {
  const answer = await outputOf(helm, ['lint', '--strict', chart, '--set', image]);

  expect(answer).toContain('0 chart(s) failed');
  expect(answer).not.toMatch(/WARNING|ERROR/);
});

test.each([
  { set: 'replicas=two', says: "at '/replicas': got string, want integer" },
  { set: 'replicas=-1', says: "at '/replicas'" },
  { set: 'logLevel=loud', says: "at '/logLevel': value must be one of 'debug', 'info', 'warn', 'error'" },
  { set: 'image.digset=x', says: "at '/image': additional properties 'digset' not allowed" },
  { set: 'image.digest=sha256:12', says: "at '/image/digest'" },
  { set: 'watchNamespaces={Team A}', says: "at '/watchNamespaces/0'" },
  { set: 'watchNamespaces=team', says: "at '/watchNamespaces': got string, want array" },
  { set: 'registryMirrors[0].host=docker.io,registryMirrors[0].url=ftp://x', says: "at '/registryMirrors/0/url'" },
  { set: 'cloudIdentity={ibm}', says: "at '/cloudIdentity/0': value must be one of 'aws', 'azure', 'gcp'" },
  { set: 'resource.limits.memory=1Gi', says: "additional properties 'resource' not allowed" },
  { set: 'registryLimits[0].host=docker.io', says: "at '/registryLimits/0': minProperties: got 1, want 2" },
  { set: 'adopt={argo}', says: "at '/adopt/0': value must be one of 'keel', 'flux', 'imago'" },
  { set: 'webhooks.port=0', says: "at '/webhooks/port'" },
  { set: 'webhooks.enabled=true', says: 'webhooks: nobody could be believed; give webhooks.secrets' },
  { set: 'image.repository=', says: 'image.repository: say where the image of Headgate is' },
])('helm refuses $set and names the field', async ({ set, says }) => {
  const attempt = outputOf(helm, ['template', 'headgate', chart, '--set', image, '--set', set]);

  await expect(attempt).rejects.toThrow(says);
});

test('webhooks: arguments, mounted secrets, a Service and an Ingress that an API server takes', async () => {
  const client = await connectTo(inject('kubeconfig'));
  const namespace = await createNamespace(client);
  const secrets = ['name=hooks', 'key=all'].map((one) => `webhooks.secrets[0].${one}`);
  const own = ['name=hooks', 'key=token', 'sender=github'].map((one) => `webhooks.secrets[1].${one}`);
  const ingress = ['enabled=true', 'host=hooks.example.com', 'tlsSecret=tls'].map((one) => `webhooks.ingress.${one}`);
  const set = [image, 'webhooks.enabled=true', ...secrets, ...own, ...ingress].flatMap((one) => ['--set', one]);
  const target = ['--namespace', namespace, '--kubeconfig', inject('kubeconfig')];

  const rendered = await outputOf(helm, ['install', 'headgate', chart, ...target, ...set, '--dry-run=server'], 30_000);

  await client.close();
  expect(rendered).toContain('- --webhook-listen=:9300');
  expect(rendered).toContain('- --webhook-secret-file=/etc/headgate/webhooks/0/all');
  expect(rendered).toContain('- --webhook-secret-file=github=/etc/headgate/webhooks/1/token');
  expect(rendered).toMatch(/mountPath: \/etc\/headgate\/webhooks\/1\n/);
  expect(rendered).toMatch(/name: POD_IP\n.*\n.*\n\s+fieldPath: status.podIP/);
  expect(rendered).toMatch(/kind: Ingress.*hosts: \["hooks.example.com"\].*path: \/hook\n.*name: headgate-webhooks/s);
});

describe('a hub', () => {
  const render = async (...values: readonly string[]) => {
    const set = [image, ...values].flatMap((one) => ['--set', one]);
    return await outputOf(helm, ['template', 'headgate', chart, ...set], 30_000);
  };
  const serves = ['- --channel-folder=/srv/channels', '- --channel-listen=:8082', 'mountPath: /srv/channels'];
  const open = /kind: NetworkPolicy.*- port: channels\n.*kind: ServiceAccount/s;

  test('with a claim publishes into it and serves it, and lets clusters come', async () => {
    const values = ['hub.enabled=true', 'hub.claim=channels', 'networkPolicy.enabled=true'];
    const rendered = await render(...values);

    for (const part of [...serves, 'claimName: channels']) {
      expect(rendered).toContain(part);
    }
    expect(rendered).toMatch(
      /kind: Service\n.*name: headgate-channels\n.*name: channels\n\s+port: 8082\n\s+targetPort: channels/s,
    );
    expect(rendered).toMatch(open);
    expect(rendered).not.toContain('--report-listen');
    expect(rendered).not.toContain('port: reports');
  });

  test('without a claim serves nothing, and takes reports where that is wished', async () => {
    const rendered = await render('hub.enabled=true', 'hub.reports.enabled=true', 'networkPolicy.enabled=true');

    for (const part of serves) {
      expect(rendered).not.toContain(part);
    }
    expect(rendered).toContain('- --report-listen=:8083');
    expect(rendered).toMatch(/name: headgate-channels\n.*name: reports\n\s+port: 8083\n\s+targetPort: reports/s);
    expect(rendered).toMatch(/kind: NetworkPolicy.*- port: reports\n/s);
  });

  test.each([
    {
      who: 'reads Secrets with the keys that sign',
      rule: /resources: \[secrets, serviceaccounts\]\n\s+verbs: \[get\]/,
    },
    { who: 'makes Releases', rule: /resources: \[releases\]\n\s+verbs: \[create\]/ },
    {
      who: 'keeps what was reported in ConfigMaps',
      rule: /resources: \[configmaps\]\n\s+verbs: \[get, create, patch\]/,
    },
  ])('$who', async ({ rule }) => {
    expect(await render('hub.enabled=true')).toMatch(rule);
  });

  test('is none by default', async () => {
    const rendered = await render('networkPolicy.enabled=true');

    expect(rendered).not.toMatch(/headgate-channels|--channel|--report|port: channels/);
  });
});

test('the API: arguments, mounted secrets, a Service, an Ingress below a path and rights to ask for rights', async () => {
  const client = await connectTo(inject('kubeconfig'));
  const namespace = await createNamespace(client);
  const values = [
    'enabled=true',
    'prefix=/gate',
    'externalUrl=https://example.com/gate',
    'sessionSecret.name=session',
    'oidc.issuerUrl=https://id.example.com',
    'oidc.clientId=headgate',
    'oidc.clientSecret.name=oidc',
    'oidc.groupsPrefix=id:',
    'authProxy.from={10.1.2.0/24}',
    'ingress.enabled=true',
    'ingress.host=example.com',
  ];
  const set = [image, ...values.map((one) => `api.${one}`)].flatMap((one) => ['--set', one]);
  const target = ['--namespace', namespace, '--kubeconfig', inject('kubeconfig')];

  const rendered = await outputOf(helm, ['install', 'headgate', chart, ...target, ...set, '--dry-run=server'], 30_000);

  await client.close();
  for (const argument of [
    '--api-listen=:8081',
    '--ui-folder=/app/ui',
    '--api-prefix=/gate',
    '--session-secret-file=/etc/headgate/session/key',
    '"--oidc-issuer-url=https://id.example.com"',
    '--oidc-client-secret-file=/etc/headgate/oidc/secret',
    '"--oidc-groups-prefix=id:"',
    '"--auth-proxy-from=10.1.2.0/24"',
  ]) {
    expect(rendered).toContain(`- ${argument}`);
  }
  expect(rendered).not.toContain('--anonymous-read');
  expect(rendered).toMatch(/kind: Ingress.*path: \/gate\n.*name: headgate-api/s);
  expect(rendered).toMatch(/name: system:auth-delegator/);
  expect(rendered).toContain(`true && request.userInfo.username == 'system:serviceaccount:${namespace}:headgate'`);
});

test.each([
  { name: 'the version of the chart', set: [], expected: 'registry.example.com/headgate:0.1.0' },
  { name: 'a tag', set: ['image.tag=dev'], expected: 'registry.example.com/headgate:dev' },
  {
    name: 'a digest alone',
    set: [`image.digest=sha256:${'a'.repeat(64)}`],
    expected: `registry.example.com/headgate@sha256:${'a'.repeat(64)}`,
  },
])('the image is named by $name', async ({ set, expected }) => {
  const values = [image, ...set].flatMap((value) => ['--set', value]);

  const rendered = await outputOf(helm, ['template', 'headgate', chart, ...values]);

  expect(rendered).toContain(`image: "${expected}"`);
});

test('limits of registries become arguments that the controller understands', async () => {
  const limits = [
    { host: 'docker.io', pulls: '100/6h' },
    { host: 'registry.example.com:5000', requests: '600/1m', concurrency: 4 },
  ];

  const rendered = await outputOf(helm, [
    ...['template', 'headgate', chart, '--set', image],
    ...['--set-json', `registryLimits=${JSON.stringify(limits)}`],
  ]);

  const given = [...rendered.matchAll(/"--registry-limit=(.*)"/g)].map(([, text = '']) => text);
  expect(given).toEqual(['docker.io=pulls:100/6h', 'registry.example.com:5000=requests:600/1m,concurrency:4']);
  expect(Object.keys(parseRegistryLimits(given))).toEqual(limits.map(({ host }) => host));
});

test('mirrors of registries become arguments that the controller understands', async () => {
  const mirrors = [
    { host: 'docker.io', url: 'https://mirror.example.com/hub' },
    { host: 'ghcr.io', url: 'http://10.0.0.1:5000', substitute: true },
  ];

  const rendered = await outputOf(helm, [
    ...['template', 'headgate', chart, '--set', image],
    ...['--set-json', `registryMirrors=${JSON.stringify(mirrors)}`],
  ]);

  const given = (option: string) =>
    [...rendered.matchAll(new RegExp(`"--registry-${option}=(.*)"`, 'g'))].map(([, text = '']) => text);
  expect(parseMirrorings(given('mirror'), given('substitute'))).toEqual([
    {
      host: 'docker.io',
      place: 'Before',
      endpoint: { registry: 'mirror.example.com', prefix: 'hub', insecure: false },
    },
    { host: 'ghcr.io', place: 'Instead', endpoint: { registry: '10.0.0.1:5000', prefix: '', insecure: true } },
  ]);
});

describe('installed', () => {
  let client: KubeClient;

  beforeAll(async () => {
    client = await connectTo(inject('kubeconfig'));
    return () => client.close();
  });

  test('for the whole cluster, its objects are taken and do nothing more than asked', async () => {
    const namespace = await createNamespace(client);

    await install(namespace, [
      'trustedCertificates.configMap=authority',
      'podLabels.team=a',
      'imagePullSecrets[0].name=pull',
    ]);

    const deployment = await client.get<KubeObject>(deployments, { namespace, name: 'headgate' });
    expect(deployment).toMatchObject({
      spec: {
        template: {
          spec: {
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                args: ['controller', '--log-level=info', '--lease-name=headgate', '--adopt=keel,flux,imago'],
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        },
      },
    });
    expect(await client.find(services, { namespace, name: 'headgate' })).toBeDefined();
  });

  test('with an identity, a proxy and docker configuration, all of it reaches the container', async () => {
    const namespace = await createNamespace(client);

    await install(namespace, [
      'cloudIdentity={aws,gcp}',
      'dockerConfigSecret=logins',
      'extraEnv[0].name=HTTPS_PROXY',
      'extraEnv[0].value=http://proxy.example:3128',
      'trustedCertificates.configMap=authority',
    ]);

    const deployment = await client.get<KubeObject>(deployments, { namespace, name: 'headgate' });
    const logins = { secretName: 'logins', items: [{ key: '.dockerconfigjson', path: 'config.json' }] };
    expect(deployment).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [
              {
                args: expect.arrayContaining(['--cloud-identity=aws', '--cloud-identity=gcp']),
                env: [
                  { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/headgate/trusted/ca.crt' },
                  { name: 'DOCKER_CONFIG', value: '/etc/headgate/docker' },
                  { name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' },
                ],
                volumeMounts: [
                  { name: 'work', mountPath: '/tmp' },
                  { name: 'trusted-certificates', mountPath: '/etc/headgate/trusted', readOnly: true },
                  { name: 'docker-config', mountPath: '/etc/headgate/docker', readOnly: true },
                ],
              },
            ],
            volumes: [{ emptyDir: {} }, { configMap: { name: 'authority' } }, { secret: logins }],
          },
        },
      },
    });
  });

  test('for one namespace, the ServiceAccount has the rights that the work needs there', async () => {
    const [home, work] = [await createNamespace(client), await createNamespace(client)];
    await install(home, [`watchNamespaces={${work}}`]);
    const open = await startRegistry();
    // Only with the pull secret of the workload's ServiceAccount.
    const registry = await startRegistry({ storage: open.storage, auth: { kind: 'basic' } });
    onTestFinished(async () => {
      await Promise.all([open.stop(), registry.stop()]);
    });
    for (const tag of ['1.0.0', '1.1.0']) {
      const target = { host: open.host, repository: 'web', tag, insecure: true };
      await pushImage(makeWebImage({ version: tag, busybox: fileURLToPath(import.meta.url) }), target);
    }
    await putPullSecret(work, registry.host);
    const settings = { name: 'web', namespace: work, image: `${registry.host}/web:1.0.0`, replicas: 1 };
    await client.create(deployments, webDeployment(settings));
    await client.create<ProductObject>(apps, webApp(work, registry.host));

    const stop = await runAs(home, work);

    const update = { namespace: work, name: 'web-1' };
    await waitUntil('the Update watches its rollout', 20_000, async () => {
      const found = await client.find<ProductObject>(updates, update);
      return JSON.stringify(found?.status ?? {}).includes('"phase":"Watching"');
    });
    await stop();
    const deployed = await client.get(deployments, { namespace: work, name: 'web' });
    expect(JSON.stringify(deployed)).toContain(`${registry.host}/web:1.1.0@sha256:`);
    expect(await client.find(leases, { namespace: home, name: 'headgate' })).toBeDefined();
    expect((await client.list(events, { namespace: work })).items.length).toBeGreaterThan(0);
  });

  test('an App made of manifests is applied in the name of its ServiceAccount', async () => {
    const [home, work] = [await createNamespace(client), await createNamespace(client)];
    await install(home, [`watchNamespaces={${work}}`, 'manifests=true']);
    const folder = await mkdtemp(join(tmpdir(), 'headgate-chart-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' }, data: { x: '1' } };
    await writeFile(join(folder, 'a.json'), JSON.stringify(object));
    await giveAccount(work, 'deployer', [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch'] },
    ]);
    const spec = {
      sources: [{ name: 'files', folder: { path: '' } }],
      deploy: { manifests: { serviceAccountName: 'deployer', deletion: 'Prune' } },
      health: { stableFor: '0s' },
    };
    await client.create<ProductObject>(apps, { metadata: { namespace: work, name: 'web' }, spec });

    const stop = await runAs(home, work, folder);

    await waitUntil('the Update is done', 20_000, async () => {
      const found = await client.find<ProductObject>(updates, { namespace: work, name: 'web-1' });
      return JSON.stringify(found?.status ?? {}).includes('"phase":"Succeeded"');
    });
    await stop();
    expect(await client.get(configMaps, { namespace: work, name: 'made' })).toMatchObject({ data: { x: '1' } });
  });

  test('with drills, its own account makes what Apps are made of in the namespaces of drills alone', async () => {
    const [home, other] = [await createNamespace(client), await createNamespace(client)];
    await install(home, ['backups=true', 'drills=true']);
    const own = client.actAs(`system:serviceaccount:${home}:headgate`);
    const drill = `headgate-drill-${home}`;
    const deploy = async (namespace: string, by: KubeClient) =>
      await by.create(deployments, webDeployment({ name: 'web', namespace, image: 'web:1', replicas: 0 }));
    const make = async (name: string, label: string) =>
      await own.create(namespaces, { metadata: { name, labels: { 'headgate.dev/drill': label } } });
    const refusal = 'does this in the namespaces of restore drills alone';
    await waitUntil('the policy is in force', 20_000, async () => {
      const answer = await own
        .create(namespaces, { metadata: { name: `${drill}-no` } }, { dryRun: true })
        .catch((error: unknown) => String(error));
      return String(answer).includes(refusal);
    });

    await expect(make(drill, 'another')).rejects.toThrow(refusal);
    await make(drill, drill);
    await deploy(drill, own);
    await expect(deploy(other, own)).rejects.toThrow(refusal);
    await expect(own.create(serviceAccounts, { metadata: { namespace: other, name: 'a' } })).rejects.toThrow(refusal);
    await expect(own.delete(namespaces, { namespace: '', name: other })).rejects.toThrow(refusal);
    const labels = { 'headgate.dev/drill': other };
    const labelling = own.patch(
      namespaces,
      { namespace: '', name: other },
      { kind: 'merge', body: { metadata: { labels } } },
    );
    await expect(labelling).rejects.toThrow(/cannot patch resource/);
    await own.delete(namespaces, { namespace: '', name: drill });
    // Others do what they may.
    await deploy(other, client);
  });

  describe.each([
    {
      with: 'scratch namespaces alone',
      set: ['hub.enabled=true', 'hub.scratch=true', 'manifests=false', 'backups=false', 'subscriptions=false'],
      refusal: 'does this in scratch namespaces of Channels alone',
      ...{ takesDrills: false, holdsSecrets: true },
    },
    {
      with: 'scratch namespaces and drills',
      set: ['hub.enabled=true', 'hub.scratch=true', 'backups=true', 'drills=true'],
      refusal: 'does this in the namespaces of restore drills and of trials of Channels alone',
      ...{ takesDrills: true, holdsSecrets: false },
    },
  ])('with $with, its own account', ({ set, refusal, takesDrills, holdsSecrets }) => {
    test('makes and removes these namespaces and copies into them, and others are refused', async () => {
      const [home, other] = [await createNamespace(client), await createNamespace(client)];
      await install(home, set);
      const own = client.actAs(`system:serviceaccount:${home}:headgate`);
      const [scratch, drill] = [`${home}-try-stable`, `headgate-drill-${home}`];
      const make = async (name: string, labels: Readonly<Record<string, string>>) =>
        await own.create(namespaces, { metadata: { name, labels } });
      await waitUntil('the policy is in force', 20_000, async () => {
        const answer = await own
          .create(namespaces, { metadata: { name: `${scratch}-no` } }, { dryRun: true })
          .catch((error: unknown) => String(error));
        return String(answer).includes(refusal);
      });
      const copied = async (namespace: string, type: typeof secrets) => {
        const body = { apiVersion: 'v1', kind: type.kind, metadata: { namespace, name: 'copied' } };
        const apply = () => own.apply(type, { namespace, name: 'copied' }, body, { fieldManager: 'test', force: true });
        await apply();
        await apply();
      };

      await make(scratch, { 'headgate.dev/scratch-of': 'uid' });
      for (const type of [secrets, configMaps, serviceAccounts]) {
        await copied(scratch, type);
      }
      await own.delete(namespaces, { namespace: '', name: scratch });

      await expect(make(`${scratch}-2`, { 'headgate.dev/scratch-of': '' })).rejects.toThrow(refusal);
      await expect(own.delete(namespaces, { namespace: '', name: other })).rejects.toThrow(refusal);
      await expect(copied(other, serviceAccounts)).rejects.toThrow(refusal);
      // Of a refused Secret no more is said.
      await (holdsSecrets ? expect(copied(other, secrets)).rejects.toThrow('403 Forbidden') : copied(other, secrets));
      const makeDrill = make(drill, { 'headgate.dev/drill': drill });
      await (takesDrills ? makeDrill : expect(makeDrill).rejects.toThrow(refusal));
      await client.delete(namespaces, { namespace: '', name: other });
    });
  });

  test('nobody approves an Update in the name of another, or without the right', async () => {
    const namespace = await createNamespace(client);
    await install(namespace, []);
    await givePerson(namespace, 'ann', ['approve']);
    await givePerson(namespace, 'eve', []);
    const key = { namespace, name: 'web-1' };
    const change = { source: 'web', repository: 'r', from: {}, to: { tag: '1' } };
    const trigger = { kind: 'Source', by: 'headgate', reason: 'newer' };
    const spec = { app: 'web', sequence: 1, trigger, changes: [change] };
    await client.create<ProductObject>(updates, { metadata: key, spec });
    const approve = async (who: string, by: string) => {
      const body = { status: { phase: 'Pending', approvals: [{ by, at: '2026-05-04T12:00:00Z' }] } };
      await client.actAs(who).patch(updates, key, { kind: 'merge', body }, { subresource: 'status' });
    };

    // The API server takes a moment to know a policy. What is in the list already is not looked at again.
    let count = 0;
    await waitUntil('the policy is in force', 20_000, async () => {
      const answer = await approve('eve', `somebody-${count++}`).catch((error: unknown) => String(error));
      return answer?.includes('own name') === true;
    });
    await expect(approve('eve', 'eve')).rejects.toThrow('approving takes the verb approve on updates of headgate.dev');
    await approve('ann', 'ann');

    expect(JSON.stringify(await client.get(updates, key))).toContain('"by":"ann"');
    const at = '2026-05-04T12:00:00Z';
    const counts = { attempts: 1, passed: 0, failed: 0, inconclusive: 1 };
    const accept = async (who: string, acceptedBy: string) => {
      const tests = [{ name: 'smoke', startedAt: at, verdict: 'Inconclusive', message: 'NaN', acceptedBy, ...counts }];
      await client
        .actAs(who)
        .patch(updates, key, { kind: 'merge', body: { status: { tests } } }, { subresource: 'status' });
    };
    await expect(accept('eve', 'ann')).rejects.toThrow('an approval can only be given in one');
    await expect(accept('eve', 'eve')).rejects.toThrow('approving takes the verb approve');
    await accept('ann', 'ann');
    expect(JSON.stringify(await client.get(updates, key))).toContain('"acceptedBy":"ann"');
  });

  test('nobody approves the set of a Channel in the name of another, or without the right', async () => {
    const namespace = await createNamespace(client);
    await install(namespace, []);
    const key = { namespace, name: 'stable' };
    const give = async (name: string, verbs: readonly string[]) => {
      const rules = [
        { apiGroups: ['headgate.dev'], resources: ['channels'], verbs: ['get', ...verbs] },
        { apiGroups: ['headgate.dev'], resources: ['channels/status'], verbs: ['patch'] },
      ];
      await bind({ namespace, name }, rules, { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name });
    };
    await give('ann', ['approve']);
    await give('eve', []);
    const spec = { apps: { names: ['web'] }, publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } } };
    await client.create<ProductObject>(channels, { metadata: key, spec });
    const approve = async (who: string, by: string) => {
      const at = '2026-05-04T12:00:00Z';
      const begun = { number: 1, startedAt: at, basis: 'x', apps: [], trials: [], faults: [] };
      const candidate = { ...begun, approvals: [{ by, at }] };
      const patch = { kind: 'merge', body: { status: { candidate } } } as const;
      await client.actAs(who).patch(channels, key, patch, { subresource: 'status' });
    };

    let count = 0;
    await waitUntil('the policy is in force', 20_000, async () => {
      const answer = await approve('eve', `somebody-${count++}`).catch((error: unknown) => String(error));
      return answer?.includes('own name') === true;
    });
    await expect(approve('eve', 'eve')).rejects.toThrow('approving takes the verb approve on channels of headgate.dev');
    await approve('ann', 'ann');

    expect(JSON.stringify(await client.get(channels, key))).toContain('"by":"ann"');
  });

  test("votes by Keel's API are written by Headgate alone", async () => {
    const namespace = await createNamespace(client);
    await install(namespace, ['webhooks.enabled=true', 'webhooks.keelApprovals.usersSecret=keel']);
    await givePerson(namespace, 'ann', ['approve']);
    const key = { namespace, name: 'web-1' };
    const change = { source: 'web', repository: 'r', from: {}, to: { tag: '1' } };
    const spec = {
      app: 'web',
      sequence: 1,
      trigger: { kind: 'Source', by: 'test', reason: 'newer' },
      changes: [change],
    };
    await client.create<ProductObject>(updates, { metadata: key, spec });
    let count = 0;
    const voteAs = async (who: string) => {
      count += 1;
      const object = await client.get<ProductObject>(updates, key);
      const status = { phase: 'Pending', approvals: [{ by: `keel:${count}`, at: '2026-05-04T12:00:00Z' }] };
      await client.actAs(who).replaceStatus(updates, { ...object, status });
    };

    await waitUntil('the policy is in force', 20_000, async () => {
      const answer = await voteAs('ann').catch((error: unknown) => String(error));
      return answer?.includes('own name') === true;
    });
    await voteAs(`system:serviceaccount:${namespace}:headgate`);

    expect(JSON.stringify(await client.get(updates, key))).toContain(`"by":"keel:${count}"`);
  });

  test.each([
    { verb: 'list', resource: 'secrets', group: '' },
    { verb: 'update', resource: 'secrets', group: '' },
    { verb: 'create', resource: 'pods', group: '' },
    { verb: 'create', resource: 'pods/exec', group: '' },
    { verb: 'create', resource: 'deployments', group: 'apps' },
    { verb: 'delete', resource: 'deployments', group: 'apps' },
    { verb: 'update', resource: 'apps', group: 'headgate.dev' },
    { verb: 'delete', resource: 'rejections', group: 'headgate.dev' },
    { verb: 'get', resource: 'leases', group: 'coordination.k8s.io' },
    { verb: 'escalate', resource: 'clusterroles', group: 'rbac.authorization.k8s.io' },
  ])('for the whole cluster, it may not $verb $group $resource', async ({ verb, resource, group }) => {
    const namespace = await createNamespace(client);
    await install(namespace, []);

    expect(await mayDo(namespace, { verb, resource, group })).toBe(false);
    expect(await mayDo(namespace, { verb: 'patch', resource: 'deployments', group: 'apps' })).toBe(true);
  });

  /** Somebody who may write into Updates, with further verbs on them. */
  async function givePerson(namespace: string, name: string, verbs: readonly string[]): Promise<void> {
    const rules = [
      { apiGroups: ['headgate.dev'], resources: ['updates'], verbs: ['get', ...verbs] },
      { apiGroups: ['headgate.dev'], resources: ['updates/status'], verbs: ['patch', 'update'] },
    ];
    await bind({ namespace, name }, rules, { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name });
  }

  async function giveAccount(namespace: string, name: string, rules: readonly object[]): Promise<void> {
    await client.create(serviceAccounts, { metadata: { namespace, name } });
    await bind({ namespace, name }, rules, { kind: 'ServiceAccount', namespace, name });
  }

  /** A Role with these rules, and its subject. */
  async function bind(
    metadata: { readonly namespace: string; readonly name: string },
    rules: readonly object[],
    subject: object,
  ): Promise<void> {
    const rbac = (kind: string, plural: string) => ({
      ...{ group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural },
      namespaced: true,
    });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name };
    const subjects = [subject];
    await client.create(rbac('Role', 'roles'), { metadata, rules } as NewObject<KubeObject>);
    await client.create(rbac('RoleBinding', 'rolebindings'), { metadata, roleRef, subjects } as NewObject<KubeObject>);
  }

  /** As an administrator does it once for a namespace: the ServiceAccount of all pods has a pull secret. */
  async function putPullSecret(namespace: string, host: string): Promise<void> {
    const auths = { [host]: reader };
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
    const type = 'kubernetes.io/dockerconfigjson';
    const admin = await connectTo(inject('kubeconfig'));
    const secret = { metadata: { namespace, name: 'pull' }, type, data };
    await admin.create(secrets, secret);
    const account = { metadata: { namespace, name: 'default' }, imagePullSecrets: [{ name: 'pull' }] };
    await admin.create(serviceAccounts, account);
    await admin.close();
  }

  async function install(namespace: string, set: readonly string[]): Promise<void> {
    const values = [image, ...set].flatMap((value) => ['--set', value]);
    const target = ['--namespace', namespace, '--kubeconfig', inject('kubeconfig')];
    // No kubelet would run the Job of the hook; e2e/install.node.test.ts has one.
    await outputOf(helm, ['install', 'headgate', chart, '--no-hooks', ...target, ...values], 30_000);
    onTestFinished(async () => {
      await outputOf(helm, ['uninstall', 'headgate', ...target], 30_000);
    });
  }

  async function mayDo(
    namespace: string,
    { verb, resource, group }: { verb: string; resource: string; group: string },
  ): Promise<boolean> {
    const [plain = '', subresource = ''] = resource.split('/');
    const answer = await client.request({
      what: `ask whether the ServiceAccount may ${verb} ${resource}`,
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: `system:serviceaccount:${namespace}:headgate`,
          resourceAttributes: { namespace: 'default', verb, group, resource: plain, subresource },
        },
      },
    });
    return JSON.stringify(answer).includes('"allowed":true');
  }

  /** Runs the controller with a token of the release's ServiceAccount; the answer ends it. */
  async function runAs(home: string, work: string, sourceFolder?: string): Promise<() => Promise<void>> {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-chart-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await kubeconfigWith(await tokenOf(home)));
    const stopping = new AbortController();
    const ended = runController(
      {
        kubeconfig,
        namespaces: [work],
        sourceFolder,
        leaderElection: true,
        leaseNamespace: home,
        leaseName: 'headgate',
        listen: '127.0.0.1:0',
        logLevel: 'error',
      },
      stopping.signal,
    );
    // Awaited by `stop`; until then it must not end the test run as an unhandled rejection.
    ended.catch(() => undefined);
    const stop = async () => {
      stopping.abort();
      await ended;
    };
    onTestFinished(async () => {
      stopping.abort();
      await rm(folder, { recursive: true });
    });
    return stop;
  }

  async function tokenOf(namespace: string): Promise<string> {
    const answer = await client.request({
      what: 'ask for a token of the ServiceAccount',
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/headgate/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    });
    return (answer as { readonly status: { readonly token: string } }).status.token;
  }
});

/** The administrator's kubeconfig with another user. */
async function kubeconfigWith(token: string): Promise<string> {
  const config = load(await readFile(inject('kubeconfig'), 'utf8')) as { readonly users: readonly { name: string }[] };
  return dump({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) });
}

function webApp(namespace: string, host: string): NewObject<ProductObject> {
  return {
    metadata: { name: 'web', namespace },
    spec: {
      sources: [
        { name: 'web', image: { repository: `${host}/web`, insecure: true, policy: { semver: { range: '^1.0.0' } } } },
      ],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
    },
  };
}
