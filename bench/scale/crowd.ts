/** 10,000 Deployments with annotations in 20 namespaces, 1,000 of them with an App and a pod on a node that KWOK plays. */

import { fileURLToPath } from 'node:url';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments, namespaces } from '../../src/kube/resource-types.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';
import { locateTools } from '../../test/cluster/binaries.ts';
import { freePort } from '../../test/cluster/ports.ts';
import type { RunningProcess, Warden } from '../../test/cluster/warden.ts';
import { webDeployment } from '../../test/images/web-objects.ts';
import { inParallel } from '../apply/stage.ts';
import type { BenchCluster } from '../detect/cluster.ts';

export const crowd = {
  namespaces: 20,
  deployments: 10_000,
  apps: 1_000,
  repositories: 100,
  nodes: 10,
  prefix: 'crowd',
  tag: '1.2.0',
} as const;

const nodes = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };

/** Plays the kubelets of the nodes: their pods run and are ready at once. */
export async function startKwok(warden: Warden, { client, directKubeconfig }: BenchCluster): Promise<RunningProcess> {
  const { kwok } = await locateTools(['kwok']);
  for (let at = 0; at < crowd.nodes; at += 1) {
    const annotations = { 'kwok.x-k8s.io/node': 'fake' };
    const metadata = {
      name: `node-${at}`,
      annotations,
      labels: { type: 'kwok', 'kubernetes.io/hostname': `node-${at}` },
    };
    await client.create<KubeObject>(nodes, { metadata, ...{ spec: {} } });
  }
  const port = await freePort('127.0.0.1');
  const words = ['--manage-all-nodes=false', '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake'];
  const stages = fileURLToPath(new URL('stages.yaml', import.meta.url));
  const more = ['--config', stages, '--kubeconfig', directKubeconfig, `--server-address=127.0.0.1:${port}`];
  return warden.start({ name: 'kwok', program: kwok, arguments: [...words, ...more] });
}

/** Which App is on which Deployment: the first of each namespace have one. */
function appsOf(namespace: number): readonly { readonly name: string; readonly repository: number }[] {
  const each = crowd.apps / crowd.namespaces;
  return Array.from({ length: each }, (_, at) => ({
    name: `web-${at}`,
    repository: (namespace * each + at) % crowd.repositories,
  }));
}

export async function createCrowd({ client }: BenchCluster, host: string): Promise<void> {
  const each = crowd.deployments / crowd.namespaces;
  for (let number = 0; number < crowd.namespaces; number += 1) {
    const namespace = `crowd-${number}`;
    await client.create(namespaces, { metadata: { name: namespace } });
    const own = appsOf(number);
    await inParallel(
      Array.from({ length: each }, (_, at) => at),
      async (at) => {
        const app = own[at];
        const image = `${host}/${crowd.prefix}-${app?.repository ?? at % crowd.repositories}`;
        const name = `web-${at}`;
        await client.create<KubeObject>(
          deployments,
          deploymentOf({ name, namespace, image, isRun: app !== undefined, node: at % crowd.nodes }),
        );
        if (app) {
          await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec: appSpec(name, image) });
        }
      },
    );
  }
}

interface CrowdDeployment {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly isRun: boolean;
  readonly node: number;
}

/** No scheduler is asked: the node stands in the template. What has no App runs no pod, and says that it wants none. */
function deploymentOf({ name, namespace, image, isRun, node }: CrowdDeployment) {
  const replicas = isRun ? 1 : 0;
  const object = webDeployment({ name, namespace, image: `${image}:${crowd.tag}`, replicas });
  const spec = object['spec'] as { readonly template: { readonly spec: object } };
  const annotations = {
    'keel.sh/policy': 'never',
    'example.org/owner': `team-${node}`,
    'example.org/contact': 'team@example.org',
  };
  return {
    ...object,
    metadata: { ...object.metadata, annotations },
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, nodeName: `node-${node}` } } },
  };
}

function appSpec(name: string, repository: string): AppSpecWire {
  return {
    interval: '1m',
    sources: [{ name: 'web', image: { repository, insecure: true, policy: { semver: { range: '1.x' } } } }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
    health: { timeout: '10m', stableFor: '10s' },
  };
}
