/**
 * The story of one application on a real cluster: it is updated, goes back by itself from a version that crashes,
 * and takes the next one. Every line that is printed was seen on the cluster; the exit code is 0 only if all of it was.
 *
 * With SCENARIO=data it is the story of a database instead, on our own cluster alone, as its claims are folders of this machine; with
 * SCENARIO=fleet that of a hub and a cluster that subscribes, on two of our own.
 *
 * usage: make demo [SCENARIO=data|fleet] [KEEP=1] [KUBECONFIG=... REGISTRY=host:port]
 */
import assert from 'node:assert/strict';
import { apps, type ProductObject, rejections } from '../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { deployments, namespaces, services } from '../src/kube/resource-types.ts';
import { decodeWorkload } from '../src/resources/app/decode-workload.ts';
import type { UpdateObjectWire } from '../src/resources/update/decode-update.ts';
import type { RejectionSpecWire } from '../src/resources/update/rejection.ts';
import { makeWebImage, type WebBehaviour } from '../test/images/web-image.ts';
import { webDeployment, webService } from '../test/images/web-objects.ts';
import { tellDataStory } from './demo/data-story.ts';
import { tellFleetStory } from './demo/fleet-story.ts';
import { headgate, installHeadgate } from './demo/install.ts';
import { openStage, type Stage } from './demo/stage.ts';
import { startVisitor, type Visitor } from './demo/visitor.ts';
import { expectUpdate } from './demo/watch-update.ts';
import { pushImage } from './oci/push.ts';

const namespace = 'demo';
const deadlineMs = 90_000;
const startedAt = performance.now();

function say(text: string): void {
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
}

async function main(): Promise<void> {
  if (process.env['SCENARIO'] === 'fleet') {
    await tellFleetStory(say);
    say('all of it happened as it should');
    return;
  }
  const keep = process.env['KEEP'] === '1';
  const stage = await openStage(keep, process.env);
  say(`cluster is up, registry at ${stage.registry}`);
  try {
    if (process.env['SCENARIO'] === 'data') {
      await tellDataStory(stage, say);
      say('all of it happened as it should');
      return;
    }
    await installHeadgate(stage, say);
    await push(stage, '1.0.0', 'good');
    const visitor = await deployWeb(stage);
    await putApp(stage);
    await goodVersion(stage, visitor, '1.0.0', '1.1.0');
    await crashingVersion(stage, visitor, '1.1.0', '1.2.0');
    await goodVersion(stage, visitor, '1.1.0', '1.2.1');
    await visitor.stop();
    assert.deepEqual(visitor.errors, [], 'a visitor saw errors');
    say(`a visitor asked ${visitor.requests} times all along and saw no error`);
    const history = await headgate(stage, namespace, 'history', 'web');
    console.log(`\n$ headgate history web\n${history}`);
    say('all of it happened as it should');
  } finally {
    await stage.close();
    if (keep) {
      console.log(
        `\nleft running; look with\n  export KUBECONFIG=${stage.kubeconfigPath}\n  kubectl get apps,updates,rejections -n ${namespace}\nand end it with: make cluster-down`,
      );
    }
  }
}

async function push(stage: Stage, version: string, behaviour: WebBehaviour): Promise<string> {
  const digest = await pushImage(makeWebImage({ version, behaviour }), {
    host: stage.registry,
    repository: 'web',
    tag: version,
    insecure: true,
  });
  say(`web ${version} is pushed${behaviour === 'good' ? '' : ` (it will ${behaviour})`}`);
  return digest;
}

interface ServiceObject extends KubeObject {
  readonly spec: { readonly clusterIP: string };
}

async function deployWeb({ client, registry }: Stage): Promise<Visitor> {
  await client.create(namespaces, { metadata: { name: namespace } });
  await client.create(
    deployments,
    webDeployment({ name: 'web', namespace, image: `${registry}/web:1.0.0`, replicas: 2 }),
  );
  const { spec } = await client.create<ServiceObject>(services, webService({ name: 'web', namespace }));
  const visitor = await startVisitor(spec.clusterIP, 80, deadlineMs);
  say(`web 1.0.0 runs in two pods behind a Service; a visitor is answered "${visitor.lastAnswer}"`);
  return visitor;
}

async function putApp({ client, registry }: Stage): Promise<void> {
  const app = {
    metadata: { name: 'web', namespace },
    spec: {
      interval: '5s',
      sources: [
        {
          name: 'web',
          image: { repository: `${registry}/web`, insecure: true, policy: { semver: { range: '^1.0.0' } } },
        },
      ],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '60s', stableFor: '3s' },
    },
  };
  await client.create<ProductObject>(apps, app);
  say('App web is made: semver ^1.0.0, checked every 5 s');
}

async function goodVersion(stage: Stage, visitor: Visitor, from: string, to: string): Promise<void> {
  const digest = await push(stage, to, 'good');
  await expectUpdate(stage.client, { namespace, tag: to, phase: 'Succeeded', deadlineMs, onPhase: sayPhase });
  assert.equal(await imageOfWeb(stage), `${stage.registry}/web:${to}@${digest}`);
  await visitor.sees(`web ${to}`, deadlineMs);
  say(`web ${to} runs in place of ${from}; a visitor of the Service is answered "${visitor.lastAnswer}"`);
}

async function crashingVersion(stage: Stage, visitor: Visitor, from: string, to: string): Promise<void> {
  const before = await imageOfWeb(stage);
  const digest = await push(stage, to, 'crash');
  await expectUpdate(stage.client, { namespace, tag: to, phase: 'RolledBack', deadlineMs, onPhase: sayPhase });
  assert.equal(await imageOfWeb(stage), before, 'the Deployment must be exactly as before');
  const { items } = await stage.client.list<ProductObject & { readonly spec: RejectionSpecWire }>(rejections, {
    namespace,
  });
  const rejection = items.find((one) => one.spec.digest === digest);
  assert.ok(rejection, `there must be a Rejection of ${digest}`);
  say(`web ${to} is rejected: ${rejection.spec.reason}`);
  await visitor.sees(`web ${from}`, deadlineMs);
  say(`web ${from} is back; a visitor is answered "${visitor.lastAnswer}"`);
}

function sayPhase(update: UpdateObjectWire): void {
  const phase = update.status?.phase ?? 'Pending';
  const note = phase === 'RollingBack' ? ` because of ${update.status?.failure?.message}` : '';
  say(`  ${update.metadata.name}: ${phase}${note}`);
}

async function imageOfWeb({ client }: Stage): Promise<string> {
  return (
    decodeWorkload('Deployment', await client.get(deployments, { namespace, name: 'web' })).containers[0]?.image ?? ''
  );
}

await main();
