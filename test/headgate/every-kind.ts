/** One application over all kinds of workloads: two images in seven containers, one of them an init container. */
import type { KubeObject } from '../../src/kube/objects.ts';
import { cronJobs, daemonSets, deployments, statefulSets } from '../../src/kube/resource-types.ts';
import { untilObject } from './sight.ts';
import type { Stage } from './stage.ts';

interface Rollout extends KubeObject {
  readonly status?: { readonly readyReplicas?: number; readonly numberReady?: number };
}

const tier = { tier: 'data' };

/** Makes Deployment `front`, StatefulSet `store`, DaemonSet `agent` (both labelled tier=data) and CronJob `nightly`; waits until pods are ready. */
export async function runEveryKind(
  stage: Stage,
  images: { readonly web: string; readonly tool: string },
): Promise<void> {
  const { client, namespace } = stage;
  const labelled = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
    metadata: { name, namespace, labels: { app: name, ...labels } },
  });
  const selecting = (name: string, spec: object) => ({
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 5, ...spec } },
  });
  const front = {
    initContainers: [{ name: 'prepare', image: images.tool, command: ['/bin/sh', '-c', 'exit 0'] }],
    containers: [server('web', images.web, 8080), server('admin', images.web, 8081)],
  };
  const nightly = { restartPolicy: 'Never', containers: [{ name: 'job', image: images.tool }] };
  const create = async (type: Parameters<typeof client.create>[0], object: Parameters<typeof client.create>[1]) => {
    await client.create(type, object);
  };
  await Promise.all([
    create(deployments, { ...labelled('front'), ...{ spec: selecting('front', front) } }),
    create(statefulSets, {
      ...labelled('store', tier),
      ...{ spec: { serviceName: 'store', ...selecting('store', { containers: [server('web', images.web, 8080)] }) } },
    }),
    create(daemonSets, {
      ...labelled('agent', tier),
      ...{ spec: selecting('agent', { containers: [server('tool', images.tool, 8080), { ...idle(images.web) }] }) },
    }),
    create(cronJobs, {
      ...labelled('nightly'),
      ...{ spec: { schedule: '0 3 1 1 *', jobTemplate: { spec: { template: { spec: nightly } } } } },
    }),
  ]);
  for (const type of [deployments, statefulSets, daemonSets]) {
    await untilObject<Rollout>(stage, type, {
      what: `the ${type.kind} is ready`,
      matches: ({ status }) => (status?.readyReplicas ?? status?.numberReady) === 1,
    });
  }
}

function server(name: string, image: string, port: number) {
  const command = ['/bin/sh', '-c', `trap 'exit 0' TERM; httpd -f -p ${port} -h /www & wait`];
  return { name, image, command, readinessProbe: { httpGet: { path: '/ready', port }, periodSeconds: 1 } };
}

/** A container that no source of the App is asked to follow by name. */
function idle(image: string) {
  return { name: 'web', image, command: ['/bin/sh', '-c', `trap 'exit 0' TERM; sleep 100000 & wait`] };
}
