/** What issue 3 calls bad input: each is said clearly, harms nobody else, costs nothing, and needs no restart once it is mended. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createAuthority } from '../../test/cluster/certificates.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../test/runtime-stage.ts';
import { type RunningRegistry, reader, startRegistry } from '../../test/servers/registry.ts';
import { apps, type ProductObject, updates } from '../adapters/cluster/kinds.ts';
import { secrets } from '../kube/resource-types.ts';
import type { AppSpecWire } from '../resources/app/app.ts';

let registry: RunningRegistry;
/** The same images behind a password, and behind a certificate of our own authority. */
let closed: RunningRegistry;
let secure: RunningRegistry;
const authority = createAuthority('registry authority');
let stage: RuntimeStage;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'good', ['1.0.0', '1.1.0']);
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
  closed = await startRegistry({ storage: registry.storage, auth: { kind: 'basic' } });
  const tls = authority.issue({ commonName: 'registry', hosts: ['127.0.0.1'] });
  secure = await startRegistry({ storage: registry.storage, tls });
});

afterAll(async () => {
  await Promise.all([registry.stop(), closed.stop(), secure.stop()]);
});

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

type Image = AppSpecWire['sources'][number]['image'];

interface Changed {
  readonly image?: Partial<Image>;
  readonly target?: AppSpecWire['deploy']['workloads'] extends infer W
    ? W extends { targets: (infer T)[] }
      ? T
      : never
    : never;
  readonly spec?: Partial<AppSpecWire>;
  readonly imageReference?: 'Digest' | 'Tag';
}

/** An App on the Deployment `web` that would be right without what is changed. */
function specWith({ image, target, spec, imageReference }: Changed = {}): AppSpecWire {
  const repository = `${registry.host}/web`;
  const policy = { semver: { range: '1.x' } };
  return {
    interval: '1m',
    sources: [{ name: 'main', image: { repository, insecure: true, policy, ...image } }],
    deploy: {
      workloads: {
        targets: [target ?? { kind: 'Deployment', name: 'web' }],
        ...(imageReference && { imageReference }),
      },
    },
    ...spec,
  };
}

async function putApp(name: string, spec: AppSpecWire): Promise<void> {
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name }, spec });
}

/** As a person edits it: the whole spec is another one. */
async function editApp(name: string, spec: AppSpecWire): Promise<void> {
  const { namespace, client } = stage;
  const body = [{ op: 'replace', path: '/spec', value: spec }];
  await client.patch(apps, { namespace, name }, { kind: 'json', body });
}

async function putSecret(name: string, type: string, data: Record<string, string>): Promise<void> {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const object = { metadata: { namespace: stage.namespace, name }, type, data: Object.fromEntries(encoded) };
  await stage.client.create(secrets, object);
}

function loginTo(host: string, password: string = reader.password): Record<string, string> {
  return { '.dockerconfigjson': JSON.stringify({ auths: { [host]: { username: reader.username, password } } }) };
}

async function expectWaiting(name: string, waiting: { readonly reason: string; readonly says: readonly string[] }) {
  await stage.until(async () => {
    const { status } = await stage.app(name);
    expect(status?.waiting?.reason).toBe(waiting.reason);
    expect(waiting.says.filter((part) => !status?.waiting?.message.includes(part))).toEqual([]);
  });
  const { metadata, status } = await stage.app(name);
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  expect(ready).toMatchObject({
    status: 'False',
    reason: waiting.reason,
    message: status?.waiting?.message,
    observedGeneration: metadata.generation,
  });
}

async function expectUpdateTo(app: string, tag: string): Promise<void> {
  await stage.until(async () => {
    const [update] = await stage.updatesOf(app);
    expect(update?.spec.changes[0]?.to.tag).toBe(tag);
  });
}

interface Row {
  readonly name: string;
  readonly bad: () => AppSpecWire;
  readonly prepare?: () => Promise<void>;
  readonly reason: string;
  readonly says: () => readonly string[];
  /** Default: the App is edited to what is right. */
  readonly mend?: () => Promise<void>;
  /** Whether Headgate must try again by itself, because no watch tells when it is mended. */
  readonly retries?: boolean;
}

const workload = (name: string) => ({ kind: 'Deployment' as const, name });

const rows: readonly Row[] = [
  {
    name: 'a container that the workload does not have',
    bad: () => specWith({ target: { ...workload('web'), containers: [{ name: 'api', source: 'main' }] } }),
    reason: 'TargetNotFound',
    says: () => ['spec.deploy.workloads.targets[0].containers[0].name', 'Deployment', 'web', '"api"', 'it has web'],
  },
  {
    name: 'a range that no semver parser takes',
    bad: () => specWith({ image: { policy: { semver: { range: 'latest and greatest' } } } }),
    reason: 'InvalidSpec',
    says: () => [
      `App ${stage.namespace}/bad`,
      'spec.sources[0].image.policy.semver.range',
      '"latest and greatest"',
      'write for example 1.x',
    ],
  },
  {
    name: 'a registry host that does not resolve',
    bad: () => specWith({ image: { repository: 'registry.invalid/web' }, target: named('web', 'main') }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.repository', 'registry.invalid/web', 'does not resolve'],
    retries: true,
  },
  {
    name: 'a repository that the registry does not know',
    bad: () => specWith({ image: { repository: `${registry.host}/wbe` }, target: named('web', 'main') }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.repository', `${registry.host}/wbe`, '404', 'NAME_UNKNOWN'],
    retries: true,
  },
  {
    name: 'a Secret that is missing',
    bad: () => specWith({ image: { secretRef: { name: 'login' } } }),
    reason: 'TargetNotFound',
    says: () => [
      'spec.sources[0].image.secretRef',
      `there is no Secret "login" in namespace "${stage.namespace}"`,
      'create it',
    ],
    mend: () => putSecret('login', 'kubernetes.io/dockerconfigjson', loginTo(registry.host)),
    retries: true,
  },
  {
    name: 'a Secret of another type',
    prepare: () => putSecret('login', 'Opaque', { password: 'hunter2' }),
    bad: () => specWith({ image: { secretRef: { name: 'login' } } }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.secretRef', '"login"', '"Opaque"', 'kubernetes.io/dockerconfigjson'],
    mend: async () => {
      await stage.client.delete(secrets, { namespace: stage.namespace, name: 'login' });
      await putSecret('login', 'kubernetes.io/dockerconfigjson', loginTo(registry.host));
    },
    retries: true,
  },
  {
    name: 'a Secret with the wrong password',
    prepare: () => putSecret('login', 'kubernetes.io/dockerconfigjson', loginTo(closed.host, 'hunter2')),
    bad: () =>
      specWith({
        image: { repository: `${closed.host}/web`, secretRef: { name: 'login' } },
        target: named('web', 'main'),
      }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.repository', `${closed.host}/web`, '401', 'credentials'],
    mend: async () => {
      await stage.client.delete(secrets, { namespace: stage.namespace, name: 'login' });
      await putSecret('login', 'kubernetes.io/dockerconfigjson', loginTo(closed.host));
    },
    retries: true,
  },
  {
    name: 'certificates that are none',
    prepare: () => putSecret('ca', 'Opaque', { 'ca.crt': 'not a certificate' }),
    bad: () => specWith({ image: { certSecretRef: { name: 'ca' } } }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.certSecretRef', '"ca"', 'ca.crt'],
    retries: true,
  },
  {
    name: 'certificates that only look like some',
    prepare: () => putSecret('ca', 'Opaque', { 'ca.crt': '-----BEGIN CERTIFICATE-----\nx' }),
    bad: () => specWith({ image: { insecure: false, certSecretRef: { name: 'ca' } } }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.certSecretRef', `${registry.host}/web`, 'no PEM certificate'],
    retries: true,
  },
  {
    name: 'certificates of another authority',
    prepare: () => putSecret('ca', 'Opaque', { 'ca.crt': createAuthority('somebody else').certificate }),
    bad: () =>
      specWith({
        image: { repository: `${secure.host}/web`, insecure: false, certSecretRef: { name: 'ca' } },
        target: named('web', 'main'),
      }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.repository', `${secure.host}/web`, 'is not trusted', 'give the CA bundle'],
    mend: async () => {
      await stage.client.delete(secrets, { namespace: stage.namespace, name: 'ca' });
      await putSecret('ca', 'Opaque', { 'ca.crt': authority.certificate });
    },
    retries: true,
  },
  {
    name: 'plain http where TLS was asked for',
    bad: () => specWith({ image: { insecure: false } }),
    reason: 'RegistryUnavailable',
    says: () => ['spec.sources[0].image.repository', `${registry.host}/web`, 'does not speak TLS', 'set insecure'],
    retries: true,
  },
  {
    name: 'a selector that matches nothing',
    bad: () => specWith({ target: { selector: { matchLabels: { app: 'wbe' } } } }),
    reason: 'TargetNotFound',
    says: () => ['spec.deploy.workloads.targets[0]', 'app=wbe', 'matches no workload', 'create it or correct'],
  },
  {
    name: 'a workload that is not there yet',
    bad: () => specWith({ target: workload('later') }),
    reason: 'TargetNotFound',
    says: () => ['spec.deploy.workloads.targets[0]', 'Deployment "later"', 'create it'],
    mend: async () => {
      await createDeployment(stage, 'later', `${registry.host}/web:1.0.0`);
    },
  },
  {
    name: 'a workload that runs another repository',
    bad: () => specWith({ image: { repository: `${registry.host}/good` } }),
    reason: 'TargetNotFound',
    says: () => ['spec.sources[0]', `${registry.host}/good`, 'name the containers'],
  },
  {
    name: 'policy digest with tags as image reference',
    bad: () => specWith({ image: { policy: { digest: { tag: '1.1.0' } } }, imageReference: 'Tag' }),
    reason: 'InvalidSpec',
    says: () => ['spec.deploy.workloads.imageReference', '"Tag"', 'use Digest'],
  },
  {
    name: 'a container that follows an unknown source',
    bad: () => specWith({ target: named('web', 'mian') }),
    reason: 'InvalidSpec',
    says: () => ['spec.deploy.workloads.targets[0].containers[0].source', '"mian"', 'the sources are main'],
  },
  {
    name: 'a repository with a tag in it',
    bad: () => specWith({ image: { repository: `${registry.host}/web:1.0.0` } }),
    reason: 'InvalidSpec',
    says: () => ['spec.sources[0].image.repository', `${registry.host}/web:1.0.0`, `write ${registry.host}/web`],
  },
  {
    name: 'a repository with a scheme',
    bad: () => specWith({ image: { repository: `http://${registry.host}/web` } }),
    reason: 'InvalidSpec',
    says: () => ['spec.sources[0].image.repository', 'has no scheme', `write ${registry.host}/web`],
  },
  {
    name: 'an interval that is too short',
    bad: () => specWith({ spec: { interval: '1s' } }),
    reason: 'InvalidSpec',
    says: () => ['spec.interval', '"1s"', 'use 5s or more'],
  },
  {
    name: 'an interval beyond all dates',
    bad: () => specWith({ spec: { interval: '9999999999999999999999999999999h' } }),
    reason: 'InvalidSpec',
    says: () => ['spec.interval', '9999999999999999999999999999999h', '8760h'],
  },
];

function named(name: string, source: string) {
  return { ...workload(name), containers: [{ name: 'web', source }] };
}

describe.each(rows)('an App with $name', ({ bad, prepare, reason, says, mend, retries = false }) => {
  test('says so, leaves the other App alone, rests, and goes on when it is mended', async () => {
    await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
    await createDeployment(stage, 'good', `${registry.host}/good:1.0.0`);
    await prepare?.();

    await putApp('bad', bad());
    await putApp('good', specWith({ image: { repository: `${registry.host}/good` }, target: workload('good') }));

    await expectWaiting('bad', { reason, says: says() });
    await expectUpdateTo('good', '1.1.0');
    expect(await stage.updatesOf('bad')).toEqual([]);
    expect(stage.log.filter((line) => line['level'] === 'error')).toEqual([]);

    await expectRest(retries);

    await (mend?.() ?? editApp('bad', specWith()));
    if (retries && mend) {
      await stage.pass(60_000, 'bad');
    }
    await expectUpdateTo('bad', '1.1.0');
    await expectNoSecrets();
  });
});

/** What the Secrets of these tests hold must stand nowhere else. */
async function expectNoSecrets(): Promise<void> {
  const { namespace, client, log } = stage;
  const objects = await Promise.all([apps, updates].map((type) => client.list(type, { namespace })));
  const told = JSON.stringify([log, objects, await stage.metrics.registry.metrics()]);
  const { username, password } = reader;
  const secretTexts = ['hunter2', JSON.stringify(password).slice(1, -1), btoa(`${username}:${password}`)];
  expect(secretTexts.filter((text) => told.includes(text))).toEqual([]);
}

/** Over three intervals of a minute: nothing at all, or retries that grow to one an interval. */
async function expectRest(retries: boolean): Promise<void> {
  await stage.pass(0, 'bad');
  const before = { asked: stage.asked().length, registry: await countedAsked() };
  const minutes = 3;
  for (let minute = 0; minute < minutes; minute += 1) {
    await stage.pass(60_000, 'bad');
  }
  const about = stage.asked(before.asked).filter(({ path }) => /\/(apps\/bad|secrets\/)/.test(path));
  const atRegistry = (await countedAsked()) - before.registry;
  // Retries come after 5, 10, 20, 40, 60, 60 s; a closed registry is asked twice for each.
  const mostRetries = retries ? 6 : 0;
  expect(about.filter(({ method }) => method === 'PUT').length).toBeLessThanOrEqual(mostRetries);
  expect(about.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(mostRetries);
  expect(about.filter(({ method }) => method !== 'GET' && method !== 'PUT')).toEqual([]);
  expect(atRegistry).toBeLessThanOrEqual(mostRetries * 2);
}

/** Requests to either registry that are not about the App `good`. */
async function countedAsked(): Promise<number> {
  const logs = await Promise.all([registry.accessLog(), closed.accessLog()]);
  return logs.flat().filter(({ method, path }) => ['GET', 'HEAD'].includes(method) && !path.startsWith('/v2/good/'))
    .length;
}

describe('workloads that two Apps choose', () => {
  test('stay with the older one, and go to the younger when the older lets go', async () => {
    await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
    await putApp('older', specWith());
    await stage.until(async () => expect((await stage.app('older')).status?.waiting).toBeDefined());
    // Creation times have seconds only; the names decide within one.
    await putApp('younger', specWith());

    await expectWaiting('younger', {
      reason: 'TargetConflict',
      says: ['spec.deploy.workloads.targets', 'Deployment', 'web', 'App "older"', 'narrow one of the two targets'],
    });
    await expectUpdateTo('older', '1.1.0');
    const mark = stage.asked().length;
    await stage.pass(60_000, 'younger');
    expect(stage.asked(mark).filter(({ path }) => path.includes('/apps/younger'))).toEqual([]);
    expect(await stage.updatesOf('younger')).toEqual([]);

    await stage.client.delete(apps, { namespace: stage.namespace, name: 'older' });

    await stage.until(async () => {
      expect((await stage.app('younger')).status?.waiting?.reason).toBe('UpToDate');
    });
  });
});

test('many workloads without the container make one short message', async () => {
  const workloads = 30;
  for (let at = 0; at < workloads; at += 1) {
    await createDeployment(stage, `web-${at}`, `${registry.host}/web:1.0.0`, { tier: 'web' });
  }

  const target = { selector: { matchLabels: { tier: 'web' } }, containers: [{ name: 'api', source: 'main' }] };
  await putApp('bad', specWith({ target }));

  await expectWaiting('bad', { reason: 'TargetNotFound', says: ['no container "api"', 'and 20 more'] });
});

test('a suspended App starts nothing until it is resumed', async () => {
  await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
  await putApp('bad', specWith({ spec: { suspend: true } }));
  await stage.until(async () => expect((await stage.app('bad')).status?.waiting?.reason).toBe('Suspended'));

  await expectRest(false);
  expect(await stage.updatesOf('bad')).toEqual([]);

  await editApp('bad', specWith());
  await expectUpdateTo('bad', '1.1.0');
});

describe('when nothing changes', () => {
  test('the API server is not asked at all and the registry once an interval and repository', async () => {
    const stop = new AbortController();
    completeRollouts(stage, stop.signal);
    await createDeployment(stage, 'web', `${registry.host}/web:1.0.0`);
    await createDeployment(stage, 'again', `${registry.host}/web:1.0.0`);
    const health = { stableFor: '1s' };
    await putApp('web', specWith({ spec: { health } }));
    await putApp('again', specWith({ target: workload('again'), spec: { health } }));
    await stage.until(async () => {
      expect((await stage.app('web')).status?.waiting?.reason).toBe('UpToDate');
      expect((await stage.app('again')).status?.waiting?.reason).toBe('UpToDate');
    });
    // The two checks fall together from here on.
    await stage.pass(60_000, 'web');
    await stage.pass(60_000, 'again');
    const mark = stage.asked().length;
    const versions = await versionsOfApps();
    const before = await countedAsked();

    const intervals = 5;
    for (let interval = 0; interval < intervals; interval += 1) {
      await stage.pass(60_001, 'web');
    }

    expect(stage.asked(mark)).toEqual([]);
    expect(await versionsOfApps()).toEqual(versions);
    const asked = (await countedAsked()) - before;
    expect(asked).toBeGreaterThanOrEqual(intervals);
    expect(asked).toBeLessThanOrEqual(intervals * 2);
    stop.abort();
  });
});

/** What a status write would move; the beacon moves the resourceVersion. */
async function versionsOfApps(): Promise<unknown[]> {
  const { items } = await stage.client.list<ProductObject>(apps, { namespace: stage.namespace });
  return items.map(({ status }) => status);
}
