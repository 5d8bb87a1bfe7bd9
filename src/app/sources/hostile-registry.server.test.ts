/** A registry that misbehaves in every way that we know: each is named in the App's condition, changes nothing, and keeps nobody else waiting. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDeployment, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type HostileRegistry, startHostileRegistry } from '../../../test/servers/hostile-registry.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments } from '../../kube/resource-types.ts';

interface DeploymentObject extends KubeObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

const rows = [
  ['not-json', 'a page of the list is not JSON'],
  ['deep-json', 'a page of the list is not JSON'],
  ['odd-tag', 'for a tag'],
  ['partial-pages', '500 Internal Server Error'],
  ['broken-off-page', 'broke off'],
  ['endless-links', 'more than 400 pages'],
  ['too-many-tags', 'more than 200000 tags'],
  ['link-loop', 'links back to an earlier page'],
  ['link-elsewhere', 'the next page is linked at localhost'],
  ['huge-body', 'answers with more than 8388608 bytes'],
  ['huge-token', 'answers with more than 262144 bytes'],
  ['slow-drip', 'gave no whole answer within 5 s'],
  ['silent', 'gave no whole answer within 5 s'],
  ['hangs-up', 'broke off'],
  ['no-http', 'does not speak HTTP'],
  ['redirect-loop', 'more than 5 redirects'],
  ['redirect-nowhere', 'redirects to what is no http address'],
  ['redirect-to-metadata', '169.254.169.254 is a link-local address'],
  ['token-at-metadata', '169.254.169.254 is a link-local address'],
  ['token-elsewhere-plain', 'sends for a token to what is no https address'],
  ['forbidden', '403 Forbidden (DENIED: requested access is denied)'],
] as const;

let hostile: HostileRegistry;
let good: RunningRegistry;
let stage: RuntimeStage;
let heapBefore = 0;

beforeAll(async () => {
  hostile = await startHostileRegistry();
  good = await startRegistry();
  await pushVersions(good.host, 'good', ['1.0.0', '1.1.0']);
  stage = await openRuntimeStage(inject('kubeconfig'));
  heapBefore = process.memoryUsage().heapUsed;
  for (const [name] of rows) {
    await putApp(name, `${hostile.host}/${name}`);
  }
  await putApp('good', `${good.host}/good`);
}, 60_000);

afterAll(async () => {
  await Promise.all([stage.stop(), hostile.stop(), good.stop()]);
});

test('the App of an honest registry is updated meanwhile', async () => {
  await stage.until(async () => {
    const [update] = await stage.updatesOf('good');
    expect(update?.spec.changes[0]?.to.tag).toBe('1.1.0');
  });
});

describe.each(rows)('%s', (name, part) => {
  test(`is told: ${part}`, async () => {
    await stage.until(async () => {
      const { status } = await stage.app(name);
      expect(status?.waiting?.reason).toBe('RegistryUnavailable');
      expect(status?.waiting?.message).toContain(
        `spec.sources[0].image.repository: list tags of ${hostile.host}/${name}`,
      );
      expect(status?.waiting?.message).toContain(part);
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    });
  });

  test('changes nothing', async () => {
    const { namespace } = stage;
    const { spec } = await stage.client.get<DeploymentObject>(deployments, { namespace, name });

    expect(spec.template.spec.containers.map(({ image }) => image)).toEqual([`${hostile.host}/${name}:1.0.0`]);
    expect(await stage.updatesOf(name)).toEqual([]);
  });
});

test('none of it is kept in memory', () => {
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(200 * 1_048_576);
});

async function putApp(name: string, repository: string): Promise<void> {
  await createDeployment(stage, name, `${repository}:1.0.0`);
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      interval: '1h',
      sources: [{ name: 'main', image: { repository, insecure: true, policy: { semver: { range: '>=1' } } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
    },
  });
}
