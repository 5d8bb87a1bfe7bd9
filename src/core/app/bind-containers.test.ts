import { expect, test } from 'vitest';
import { container, digest, imageSource, target, targetsOf, workload } from '../../../test/fixtures.ts';
import type { Workload } from '../workload/workload.ts';
import { bindContainers, type Targets } from './bind-containers.ts';

const web = workload({ containers: [container({ image: 'ghcr.io/org/web:1.0.0' })] });
const worker = workload({
  name: 'worker',
  labels: { app: 'web', tier: 'back' },
  containers: [
    container({ name: 'worker', image: 'ghcr.io/org/worker:1.0.0' }),
    container({ name: 'proxy', image: 'envoy:1' }),
    container({ name: 'migrate', image: `ghcr.io/org/worker:1.0.0@${digest('a')}`, init: true }),
  ],
});
const nightly = workload({ kind: 'CronJob', name: 'web', containers: web.containers });
const workerSource = imageSource({
  name: 'worker',
  repositoryText: 'ghcr.io/org/worker',
  repository: { registry: 'ghcr.io', path: 'org/worker' },
});
const byLabels = (labels: Record<string, string>) => ({ by: 'labels', labels }) as const;
const named = (name: string, source = 'web') => target({ containers: [{ name, source }] });

test.each<[string, Targets, readonly Workload[], readonly string[]]>([
  ['by name', targetsOf(), [web, worker], ['Deployment/web app <- web']],
  ['by name, another kind of the same name', targetsOf(), [nightly, web], ['Deployment/web app <- web']],
  [
    'by name, any kind',
    targetsOf({ targets: [target({ kind: undefined })] }),
    [nightly, web],
    ['CronJob/web app <- web', 'Deployment/web app <- web'],
  ],
  [
    'by labels: containers and init containers of the repository, not the others',
    targetsOf({ sources: [workerSource], targets: [target({ choose: byLabels({ app: 'web', tier: 'back' }) })] }),
    [web, worker],
    ['Deployment/worker worker <- worker', 'Deployment/worker migrate <- worker'],
  ],
  ['a container named, whatever it runs', targetsOf({ targets: [named('app')] }), [web], ['Deployment/web app <- web']],
  [
    'the same repository, written another way',
    targetsOf({
      sources: [imageSource({ repositoryText: 'nginx', repository: { registry: 'docker.io', path: 'library/nginx' } })],
    }),
    [workload({ containers: [container({ image: 'docker.io/library/nginx:1.27' })] })],
    ['Deployment/web app <- web'],
  ],
  [
    'chosen by two targets alike, bound once',
    targetsOf({ targets: [target(), named('app')] }),
    [web],
    ['Deployment/web app <- web'],
  ],
  [
    'an image that is no reference is nobody’s',
    targetsOf(),
    [workload({ containers: [...web.containers, container({ name: 'odd', image: 'A B' })] })],
    ['Deployment/web app <- web'],
  ],
])('%s', (_, spec, workloads, expected) => {
  const { containers, problems } = bindContainers(spec, workloads);

  expect(
    containers.map((one) => `${one.workload.kind}/${one.workload.name} ${one.container.name} <- ${one.source.name}`),
  ).toEqual(expected);
  expect(problems).toEqual([]);
});

const field = 'spec.deploy.workloads.targets';

test.each<[string, Targets, readonly Workload[], readonly string[]]>([
  [
    'name that is not there',
    targetsOf(),
    [worker],
    [`${field}[0]: Deployment "web" matches no workload; create it or correct the target`],
  ],
  [
    'workload that is being deleted',
    targetsOf(),
    [workload({ deleting: true })],
    [`${field}[0]: Deployment "web" matches`],
  ],
  [
    'labels that match nothing, second target',
    targetsOf({ targets: [target(), target({ kind: undefined, choose: byLabels({ app: 'x', tier: 'y' }) })] }),
    [web],
    [`${field}[1]: workload with labels app=x,tier=y matches no workload`],
  ],
  [
    'container that is not there',
    targetsOf({ targets: [named('sidecar')] }),
    [web],
    [`${field}[0].containers[0].name: Deployment demo/web has no container "sidecar"; it has app`],
  ],
  [
    'source that no container runs',
    targetsOf({ sources: [imageSource(), workerSource] }),
    [web],
    ['spec.sources[1]: no chosen container runs an image of ghcr.io/org/worker; name the containers in spec.deploy'],
  ],
  [
    'one container, two sources',
    targetsOf({ sources: [imageSource(), workerSource], targets: [named('app'), named('app', 'worker')] }),
    [web],
    [`${field}[1]: container "app" of Deployment demo/web follows source "web" already; let one target name it`],
  ],
  [
    'two mistakes',
    targetsOf({ targets: [named('sidecar'), target({ choose: { by: 'name', name: 'x' } })] }),
    [web],
    [`${field}[0].containers[0].name: Deployment demo/web has no`, `${field}[1]: Deployment "x" matches no workload`],
  ],
])('%s', (_, spec, workloads, expected) => {
  const { problems } = bindContainers(spec, workloads);

  expect(problems).toEqual(expected.map((problem) => expect.stringContaining(problem)));
});
