/** Objects in, results out, on a real API server. */
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { type ManifestStage, manifestStage, namespaced } from '../../../../test/manifests/stage.ts';
import { textAt } from '../../../core/health/objects/fields.ts';
import { toInventory } from '../../../core/manifest/inventory.ts';
import type { ResourceType } from '../../../kube/objects.ts';
import { configMaps, customResourceDefinitions, deployments, namespaces } from '../../../kube/resource-types.ts';

let stage: ManifestStage;

beforeEach(async () => {
  stage = await manifestStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

const map = (name: string, data: object, rest: object = {}) =>
  namespaced('v1', 'ConfigMap', { name, ...rest }, { data });

function web(image: string, spec: object = {}, annotations: object = {}) {
  const labels = { app: 'web' };
  return namespaced(
    'apps/v1',
    'Deployment',
    { name: 'web', annotations },
    {
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
        ...spec,
      },
    },
  );
}

function job(image: string) {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'job', image }] } };
  return namespaced('batch/v1', 'Job', { name: 'migrate' }, { spec: { template } });
}

const resourceQuotas: ResourceType = {
  ...{ group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota' },
  namespaced: true,
};

const kindsOf = (results: readonly { readonly kind: string }[]) => results.map(({ kind }) => kind);

describe('applying', () => {
  test('makes what is new, changes what is other, and sends nothing for what is the same', async () => {
    const first = await stage.apply([map('a', { x: '1' }), map('b', { x: '1' }), web('web:1')]);
    const mark = stage.asked().length;
    const same = await stage.apply([map('a', { x: '1' }), map('b', { x: '1' }), web('web:1')], first);
    const askedForSame = stage.asked().slice(mark);
    const second = await stage.apply([map('a', { x: '1' }), map('b', { x: '2' }), web('web:1')], first);

    expect(kindsOf(first)).toEqual(['Created', 'Created', 'Created']);
    expect(kindsOf(same)).toEqual(['Unchanged', 'Unchanged', 'Unchanged']);
    expect(askedForSame).toEqual([]);
    expect(kindsOf(second).toSorted()).toEqual(['Configured', 'Unchanged', 'Unchanged']);
    expect(stage.asked().slice(mark)).toHaveLength(1);
    expect(await stage.read(configMaps, 'b')).toMatchObject({ data: { x: '2' } });
  });

  test('takes a field away that left the manifest', async () => {
    const first = await stage.apply([map('a', { x: '1', y: '1' })]);
    await stage.apply([map('a', { x: '1' })], first);

    expect(await stage.read(configMaps, 'a')).toMatchObject({ data: { x: '1' } });
    expect(textAt(await stage.read(configMaps, 'a'), 'data.y', 'gone')).toBe('gone');
  });

  test('puts definition and object of one set in place, one after the other', async () => {
    const group = `${stage.namespace}.example.org`;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    const results = await stage.apply([
      namespaced(`${group}/v1`, 'Widget', { name: 'w' }, { spec: { a: 1 } }),
      definition,
    ]);
    await stage.client.delete(customResourceDefinitions, { namespace: '', name: `widgets.${group}` });

    expect(results.map(({ kind, object }) => [object.kind, kind])).toEqual([
      ['CustomResourceDefinition', 'Created'],
      ['Widget', 'Created'],
    ]);
  });

  test('makes a Job anew when its template is another', async () => {
    const first = await stage.apply([job('migrate:1')]);
    const second = await stage.apply([job('migrate:2')], first);

    expect(kindsOf(second)).toEqual(['Created']);
    const uids = [first, second].map(([result]) => result?.kind === 'Created' && result.entry.uid);
    expect(uids[0]).not.toBe(uids[1]);
  });

  test('leaves alone what its annotations say', async () => {
    const ssa = (how: string) => ({ annotations: { 'kustomize.toolkit.fluxcd.io/ssa': how } });
    await stage.apply([map('once', { x: '1' })]);
    const results = await stage.apply([
      map('never', { x: '1' }, ssa('Ignore')),
      map('once', { x: '2' }, ssa('IfNotPresent')),
    ]);

    expect(kindsOf(results)).toEqual(['Ignored', 'Unchanged']);
    expect(await stage.client.find(configMaps, { namespace: stage.namespace, name: 'never' })).toBeUndefined();
    expect(await stage.read(configMaps, 'once')).toMatchObject({ data: { x: '1' } });
  });
});

describe('what others own', () => {
  test('is not taken from a person, who is named', async () => {
    await stage.editAs('kubectl-edit', deployments, web('web:1', { replicas: 3 }));

    const [result] = await stage.apply([web('web:1', { replicas: 1 })]);

    expect(result).toMatchObject({
      kind: 'Failed',
      error: {
        code: 'API_CONFLICT',
        message: expect.stringMatching(/"kubectl-edit".*spec.replicas.*deploy.manifests.ignore/s),
      },
    });
    expect(await stage.read(deployments, 'web')).toMatchObject({ spec: { replicas: 3 } });
  });

  test.each(['kubectl-client-side-apply', 'helm'])(
    'is taken over from %s, also what is not in the manifests any more',
    async (tool) => {
      await stage.editAs(tool, configMaps, map('a', { x: 'theirs', old: 'theirs' }));

      const results = await stage.apply([map('a', { x: 'ours' })]);

      expect(kindsOf(results)).toEqual(['Configured']);
      expect(await stage.read(configMaps, 'a')).toMatchObject({ data: { x: 'ours' } });
      expect(textAt(await stage.read(configMaps, 'a'), 'data.old', 'gone')).toBe('gone');
    },
  );

  test('is taken back where it was ours before', async () => {
    const first = await stage.apply([map('a', { x: '1' })]);
    await stage.editAs('kubectl-edit', configMaps, map('a', { x: 'changed' }));

    const again = new Set(
      first.map(({ object }) => `${object.group}/${object.kind}/${object.namespace}/${object.name}`),
    );
    const results = await stage.apply([map('a', { x: '1' })], first, { again });

    expect(kindsOf(results)).toEqual(['Configured']);
    expect(await stage.read(configMaps, 'a')).toMatchObject({ data: { x: '1' } });
  });
});

describe('a refusal', () => {
  test.each([
    { name: 'an unknown field', object: map('bad', {}, { labls: {} }), message: /metadata.labls: field not declared/ },
    { name: 'a value that is not allowed', object: web('web:1', { replicas: -1 }), message: /spec.replicas/ },
    {
      name: 'a namespace that is not there',
      object: map('bad', {}, { namespace: 'nowhere' }),
      message: /namespaces "nowhere" not found/,
    },
  ])('for $name names object and file, and stops what comes later', async ({ object, message }) => {
    const results = await stage.apply([map('good', {}), object, job('migrate:1')]);

    expect(results).toContainEqual(
      expect.objectContaining({
        kind: 'Failed',
        error: expect.objectContaining({
          message: expect.stringMatching(message),
          context: expect.objectContaining({ file: 'test.yaml' }),
        }),
      }),
    );
    expect(kindsOf(results).toSorted()).toEqual(['Created', 'Failed', 'NotTried']);
  });

  test('by a quota leaves a record of what was done', async () => {
    const quota = namespaced('v1', 'ResourceQuota', { name: 'few' }, { spec: { hard: { 'count/configmaps': '0' } } });
    await stage.apply([quota]);
    // Nobody counts here: there is no controller manager.
    const status = { status: { hard: { 'count/configmaps': '0' }, used: { 'count/configmaps': '0' } } };
    const key = { namespace: stage.namespace, name: 'few' };
    await stage.client.patch(resourceQuotas, key, { kind: 'merge', body: status }, { subresource: 'status' });
    let count = 0;
    const results = await stage.until(
      () => stage.apply([map(`too-many-${count++}`, {})]),
      ([result]) => result?.kind === 'Failed',
    );

    expect(results).toMatchObject([
      {
        kind: 'Failed',
        error: { code: 'API_REJECTED', message: expect.stringMatching(/exceeded quota|status unknown for quota/) },
      },
    ]);
  });
});

describe('as a ServiceAccount', () => {
  test('an App can do what the account may, and no more', async () => {
    await stage.allow('deployer', [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch', 'create', 'delete'] },
    ]);
    const results = await stage.apply([map('mine', {}), web('web:1')], [], {}, 'deployer');

    expect(results.map(({ object, kind }) => [object.kind, kind])).toEqual([
      ['ConfigMap', 'Created'],
      ['Deployment', 'Failed'],
    ]);
    expect(results[1]).toMatchObject({
      error: {
        code: 'API_FORBIDDEN',
        message: expect.stringMatching(`system:serviceaccount:${stage.namespace}:deployer`),
      },
    });
    expect(kindsOf(await stage.prune(results, 'deployer'))).toEqual(['Deleted']);
  });
});

describe('pruning', () => {
  test('deletes what was applied, last stage first, and nothing else', async () => {
    const results = await stage.apply([map('a', {}), web('web:1')]);
    const pruned = await stage.prune(results);

    expect(pruned.map(({ kind, entry }) => [entry.kind, kind])).toEqual([
      ['Deployment', 'Deleted'],
      ['ConfigMap', 'Deleted'],
    ]);
    expect(kindsOf(await stage.prune(results))).toEqual(['Gone', 'Gone']);
  });

  test('leaves an object of the same name that somebody made anew', async () => {
    const results = await stage.apply([map('a', {})]);
    await stage.client.delete(configMaps, { namespace: stage.namespace, name: 'a' });
    await stage.editAs('kubectl-create', configMaps, map('a', { theirs: 'yes' }));

    expect(kindsOf(await stage.prune(results))).toEqual(['Kept']);
    expect(await stage.read(configMaps, 'a')).toMatchObject({ data: { theirs: 'yes' } });
  });

  test('leaves what asked to stay', async () => {
    const results = await stage.apply([map('a', {}, { annotations: { 'headgate.dev/prune': 'disabled' } })]);

    expect(kindsOf(await stage.prune(results))).toEqual(['Kept']);
  });

  test('finds what was made just before the controller died', async () => {
    const results = await stage.apply([map('a', {})]);
    const unsure = results.map((result) =>
      'entry' in result ? { ...result, entry: { ...result.entry, uid: '' } } : result,
    );
    await stage.editAs('kubectl-create', configMaps, map('theirs', {}));
    const notOurs = unsure.map((result) =>
      'entry' in result ? { ...result, entry: { ...result.entry, name: 'theirs' } } : result,
    );

    expect(kindsOf(await stage.prune(notOurs))).toEqual(['Gone']);
    expect(kindsOf(await stage.prune(unsure))).toEqual(['Deleted']);
    expect(await stage.read(configMaps, 'theirs')).toBeDefined();
  });

  test('goes on when one cannot be deleted, and says which', async () => {
    await stage.allow('half', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'delete'] }]);
    const results = await stage.apply([map('a', {}), web('web:1')]);
    const pruned = await stage.prune(results, 'half');

    expect(pruned).toMatchObject([{ kind: 'Failed', error: { code: 'API_FORBIDDEN' } }, { kind: 'Deleted' }]);
  });
});

test('a namespace and what is in it are one set', async () => {
  const name = `${stage.namespace}-extra`;
  const results = await stage.apply([
    map('a', {}, { namespace: name }),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
  ]);

  expect(kindsOf(results)).toEqual(['Created', 'Created']);
  expect(await stage.client.find(namespaces, { namespace: '', name })).toBeDefined();
  expect(toInventory(results.flatMap((result) => ('entry' in result ? [result.entry] : []))).size).toBe(2);
});
