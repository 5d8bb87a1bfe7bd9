/** What the API server would say to a change of manifests, of a Helm release and of fields, asked before anything is changed; and conditions over all their objects. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { refuseImages } from '../../../test/admission.ts';
import { locateTools } from '../../../test/cluster/binaries.ts';
import { installByHand, revisionsOf, webTemplate } from '../../../test/helm/by-hand.ts';
import { packChart, settingsTemplate } from '../../../test/helm/charts.ts';
import type { ConfigMap } from '../../../test/kube/server-fixtures.ts';
import { configMap, deploymentOf, type FolderApps, openFolderApps } from '../../../test/manifests/folder-apps.ts';
import { completeRollouts, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { configMaps, deployments } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';

// Several runs of helm one after the other.
vi.setConfig({ testTimeout: 90_000 });

let registry: RunningRegistry;
let place: FolderApps;
let stage: RuntimeStage;
let rollouts: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
  await locateTools(['helm', 'kubectl']);
});

afterAll(() => registry.stop());

beforeEach(async () => {
  place = await openFolderApps(inject('kubeconfig'));
  stage = place.stage;
  rollouts = new AbortController();
  completeRollouts(stage, rollouts.signal);
});

afterEach(async () => {
  rollouts.abort();
  await place.stop();
});

const dataOf = async (name: string) =>
  (await stage.client.find<ConfigMap>(configMaps, { namespace: stage.namespace, name }))?.data;

const waits = (sequence: number, reason: string, message: string | RegExp) =>
  stage.until(async () => {
    const update = (await stage.updatesOf('web')).find(({ spec }) => spec.sequence === sequence);
    expect(update?.status, JSON.stringify(update?.status)).toMatchObject({ phase: 'Pending', waiting: { reason } });
    expect(update?.status?.waiting?.message).toMatch(message);
  });

const quotaType: ResourceType = {
  ...{ group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true },
};

/** What its controller would write. */
async function fillQuota(pods: string): Promise<void> {
  const key = { namespace: stage.namespace, name: 'small' };
  await stage.client.create(quotaType, { metadata: key, spec: { hard: { pods } } } as never);
  const body = { status: { hard: { pods }, used: { pods } } };
  await stage.client.patch(quotaType, key, { kind: 'merge', body }, { subresource: 'status' });
}

describe('manifests', () => {
  beforeEach(async () => {
    await place.write('web', { 'a.yaml': configMap('a', { x: '1' }), 'web.yaml': deploymentOf('web:1') });
  });

  test.each([
    {
      what: 'that the API server finds invalid',
      web: deploymentOf('web:2').replace('"replicas":1', '"replicas":-1'),
      message: /^the API server would refuse it: Deployment .*\/web: .*spec\.replicas/,
    },
    {
      what: 'that change what cannot be changed',
      web: deploymentOf('web:2').replaceAll('{"app":"web"}', '{"app":"other"}'),
      message: /^the API server would refuse it: Deployment .*selector.*immutable/,
    },
    {
      what: 'of a kind that is not served are left to the apply',
      web: deploymentOf('web:2'),
      more: '{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"g"}}',
      message: undefined,
    },
  ])('$what', async ({ web, more, message }) => {
    await place.create('web');
    await place.untilPhase('web', 1, 'Succeeded');

    const rest = more === undefined ? {} : { 'more.yaml': more };
    await place.write('web', { 'a.yaml': configMap('a', { x: '2' }), 'web.yaml': web, ...rest });

    if (message === undefined) {
      await place.untilPhase('web', 2, 'Failed', /no kind Gadget/);
    } else {
      await waits(2, 'Preflight', message);
    }
    expect(await dataOf('a')).toEqual({ x: '1' });
    await place.write('web', { 'a.yaml': configMap('a', { x: '3' }), 'web.yaml': deploymentOf('web:3') });
    await place.untilPhase('web', 3, 'Succeeded');
    expect(await dataOf('a')).toEqual({ x: '3' });
  });

  test('that admission refuses, until it does not', async () => {
    await place.create('web');
    await place.untilPhase('web', 1, 'Succeeded');
    await refuseImages(stage.client, stage.namespace, { marker: 'forbidden', message: 'not this image' });

    await place.write('web', { 'a.yaml': configMap('a', { x: '2' }), 'web.yaml': deploymentOf('forbidden:2') });

    await waits(2, 'Preflight', /Deployment .*\/web: .*not this image/);
    expect(await dataOf('a')).toEqual({ x: '1' });
  });

  test('whose pods find no room in a quota', async () => {
    await place.create('web');
    await place.untilPhase('web', 1, 'Succeeded');
    await fillQuota('1');

    await place.write('web', { 'a.yaml': configMap('a', { x: '2' }), 'web.yaml': deploymentOf('web:2') });

    await waits(
      2,
      'Preflight',
      'ResourceQuota small allows 1 pods, of which 1 are used; the pods that come first (1 of',
    );
    expect(await dataOf('a')).toEqual({ x: '1' });
  });

  test('are tried without being changed, and no single object is', async () => {
    await place.create('web');
    await place.untilPhase('web', 1, 'Succeeded');
    const mark = stage.asked().length;
    await place.write('web', { 'a.yaml': configMap('a', { x: '2' }), 'web.yaml': deploymentOf('web:2') });
    await place.untilPhase('web', 2, 'Succeeded');
    const tried = () => stage.asked(mark).filter(({ path }) => path.includes('dryRun=All'));
    expect(tried().map(({ path }) => path.split('?')[0]?.split('/').slice(-2).join('/'))).toEqual(
      expect.arrayContaining(['configmaps/a', 'deployments/web']),
    );
    const before = tried().length;

    await place.write('web', { 'a.yaml': configMap('a', { x: '3' }), 'web.yaml': deploymentOf('web:2') });
    await place.untilPhase('web', 3, 'Succeeded');

    expect(tried()).toHaveLength(before);
  });

  test('are all there for a condition', async () => {
    const expression = 'objects.exists(o, o.kind == "ConfigMap" && o.data.busy == "yes")';
    await place.write('web', { 'a.yaml': configMap('a', { busy: 'yes' }), 'web.yaml': deploymentOf('web:1') });
    await place.create('web');
    await place.untilPhase('web', 1, 'Succeeded');
    await place.change('web', { gates: { vetoes: [{ name: 'busy', cel: { expression }, every: '10s' }] } });

    await place.write('web', { 'a.yaml': configMap('a', { busy: 'no' }), 'web.yaml': deploymentOf('web:2') });

    await waits(2, 'Veto', `veto busy: "${expression}" is true`);
  });
});

describe('a Helm release', () => {
  const replicasTemplate = webTemplate.replace(/replicas: .*/, 'replicas: {{ .Values.replicas | default 1 }}');

  async function install(): Promise<void> {
    const files = { 'templates/settings.yaml': settingsTemplate, 'templates/web.yaml': replicasTemplate };
    const archive = await packChart({ version: '1.0.0', files, values: 'color: blue\n' });
    const values = { image: { repository: `${registry.host}/web`, tag: '1.0.0' }, color: 'green' };
    await installByHand(inject('kubeconfig'), { namespace: stage.namespace, release: 'web', archive, values });
  }

  async function follow(fields: Partial<AppSpecWire> = {}): Promise<void> {
    const policy = { semver: { range: '^1.0.0' } };
    const spec: AppSpecWire = {
      interval: '1m',
      sources: [{ name: 'web', image: { repository: `${registry.host}/web`, insecure: true, policy } }],
      deploy: { helm: { chart: { fromRelease: true }, images: [{ source: 'web', tagPath: 'image.tag' }] } },
      health: { timeout: '5m', stableFor: '1s' },
      ...fields,
    };
    await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
  }

  test('of which the API server would refuse an object is not upgraded', async () => {
    await install();
    await follow();
    await place.untilPhase('web', 1, 'Succeeded');

    await place.change('web', { deploy: { helm: { values: { replicas: -1, color: 'red' } } } });

    await waits(2, 'Preflight', /^the API server would refuse it: .*spec\.replicas/);
    expect(await revisionsOf(stage, 'web')).toEqual(['2 deployed', '1 superseded']);
    expect(await dataOf('web-settings')).toMatchObject({ color: 'green' });

    await place.change('web', { deploy: { helm: { values: { replicas: 2, color: 'red' } } } });
    await place.untilPhase('web', 3, 'Succeeded');
    expect(await dataOf('web-settings')).toMatchObject({ color: 'red' });
  });

  test('whose image a policy refuses is not upgraded, and nothing of it is there', async () => {
    await install();
    await refuseImages(stage.client, stage.namespace, { marker: ':1.1.0', message: 'not in this cluster' });
    await follow();

    await waits(1, 'Preflight', /^the API server would refuse it: .*not in this cluster/);
    expect(await revisionsOf(stage, 'web')).toEqual(['1 deployed']);
  });

  test('is upgraded from what Helm wrote by client-side apply all the same', async () => {
    const files = { 'templates/web.yaml': webTemplate };
    const archive = await packChart({ version: '1.0.0', files, values: '' });
    const values = { image: { repository: `${registry.host}/web`, tag: '1.0.0' } };
    await installByHand(inject('kubeconfig'), {
      ...{ namespace: stage.namespace, release: 'web', archive, values },
      flags: ['--server-side=false'],
    });
    await follow();

    await place.untilPhase('web', 1, 'Succeeded');
  });

  test('shows all its objects to a condition', async () => {
    await install();
    const expression = 'objects.exists(o, o.kind == "ConfigMap" && o.data.color == "green")';
    await follow({ gates: { vetoes: [{ name: 'green', cel: { expression } }] } });

    await waits(1, 'Veto', `veto green: "${expression}" is true`);
  });
});

describe('fields of any object', () => {
  async function follow(fields: Partial<AppSpecWire> = {}): Promise<void> {
    const image = { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } };
    const target = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'web',
      source: 'web',
      value: 'Reference',
    } as const;
    const path = 'spec.template.spec.containers[name=web].image';
    await stage.client.create(deployments, {
      ...(JSON.parse(deploymentOf(`${registry.host}/web:1.0.0`)) as KubeObject),
      metadata: { namespace: stage.namespace, name: 'web', labels: { app: 'web' } },
    } as never);
    await stage.client.create<ProductObject>(apps, {
      metadata: { namespace: stage.namespace, name: 'web' },
      spec: {
        sources: [{ name: 'web', image }],
        deploy: { patch: { targets: [{ ...target, path }] } },
        health: { timeout: '5m', stableFor: '1s' },
        ...fields,
      },
    });
  }

  test('that the API server would refuse are not set', async () => {
    await refuseImages(stage.client, stage.namespace, { marker: ':1.1.0', message: 'not in this cluster' });
    await follow();

    await waits(1, 'Preflight', /^the API server would refuse it: .*not in this cluster/);
  });

  test('are there for a condition', async () => {
    await follow({ gates: { vetoes: [{ name: 'web', cel: { expression: 'objects[0].spec.replicas == 1' } }] } });

    await waits(1, 'Veto', 'veto web: "objects[0].spec.replicas == 1" is true');
  });
});
