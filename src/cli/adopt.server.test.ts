/** `headgate adopt` on releases that the real Helm installed. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { locateTools } from '../../test/cluster/binaries.ts';
import { outputOf } from '../../test/cluster/run-command.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { apps, type ProductObject } from '../adapters/cluster/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { decodeApp, readAppSpec } from '../resources/app/decode-app.ts';
import { runProgram } from './program.ts';

let client: KubeClient;
let helm: string;
let namespace: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  ({ helm } = await locateTools(['helm']));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
});

afterAll(() => client.close());

/** A chart whose defaults hold the block, as charts for Keel do. */
async function install(keel: string, ...set: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-adopt-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'templates'));
  await writeFile(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 0.1.0\n');
  await writeFile(join(folder, 'values.yaml'), `image: {repository: registry.local/web, tag: 1.0.0}\n${keel}\n`);
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {image: "{{ .Values.image.tag }}"}\n';
  await writeFile(join(folder, 'templates', 'map.yaml'), map);
  const values = set.flatMap((one) => ['--set', one]);
  const target = ['--namespace', namespace, '--kubeconfig', inject('kubeconfig')];
  await outputOf(helm, ['install', 'shop', folder, ...target, ...values], 30_000);
}

async function adopt(...words: readonly string[]): Promise<{ code: number; out: string; error: string }> {
  const said = { out: '', error: '' };
  const common = ['--kubeconfig', inject('kubeconfig'), '-n', namespace];
  const code = await runProgram(['adopt', ...words, ...common], {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text.replaceAll(namespace, 'NS');
    },
    signal: new AbortController().signal,
  });
  return { code, ...said };
}

const images = 'images: [{repository: image.repository, tag: image.tag}]';

test('the App of a release, with the values that its user set; the API server and the controller take it', async () => {
  await install(`keel: {policy: minor, trigger: poll, approvals: 1, ${images}}`, 'keel.policy=patch');

  const { code, out } = await adopt('shop', '--insecure-registry', 'registry.local');

  expect(code).toBe(0);
  const app = load(out) as ProductObject;
  const policy = { keel: { policy: 'patch', matchTag: false, matchPreRelease: true } };
  expect(app).toEqual({
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'App',
    metadata: { namespace, name: 'shop' },
    spec: {
      schedule: { cron: '@every 1m' },
      gates: { approvals: { required: 1, deadline: '24h' } },
      sources: [{ name: 'web', image: { repository: 'registry.local/web', policy, insecure: true } }],
      deploy: {
        helm: {
          chart: { fromRelease: true },
          releaseName: 'shop',
          images: [{ source: 'web', tagPath: 'image.tag' }],
        },
      },
    },
  });
  const created = await client.create<ProductObject>(apps, app);
  expect(readAppSpec(decodeApp(created, 'App'))).toMatchObject({ kind: 'Valid' });
  expect(JSON.parse((await adopt('shop', '-o', 'json')).out)).toMatchObject({ kind: 'App' });
});

test.each([
  ['', 1, 'Helm release NS/shop: its values have no keel: block with a policy'],
  ['keel: {policy: never}', 1, 'its values have no keel: block with a policy'],
  ['keel: {policy: majro}', 1, 'Helm release NS/shop: keel.policy: "majro" is no policy of Keel'],
])('%s: said, exit code %i', async (keel, code, problem) => {
  await install(keel);

  const said = await adopt('shop');

  expect({ code: said.code, out: said.out }).toEqual({ code, out: '' });
  expect(said.error).toContain(problem);
});

test('a release that is not there', async () => {
  const { code, error } = await adopt('none');

  expect(code).toBe(1);
  expect(error).toContain('Helm release NS/none: there is no deployed revision');
});
