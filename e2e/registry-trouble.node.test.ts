/** Registries that are away or lie change nothing, are named with the time of the next try, and keep no other App from going on. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { writeArchive } from '../scripts/oci/layout.ts';
import { pushImage } from '../scripts/oci/push.ts';
import { deployments } from '../src/kube/resource-types.ts';
import { loadImage } from '../test/cluster/node-programs.ts';
import { freePort } from '../test/cluster/ports.ts';
import { startRegistry } from '../test/cluster/registry-process.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hireWarden, type Warden } from '../test/cluster/warden.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, putApp, runWeb, sourceOf } from '../test/headgate/objects.ts';
import { imagesOf, outcomesIn, runningDigests, untilApp, untilUpdate, updatesIn } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { makeWebImage } from '../test/images/web-image.ts';
import { type HostileRegistry, startHostileRegistry } from '../test/servers/hostile-registry.ts';

let warden: Warden;
let hostile: HostileRegistry;

beforeAll(async () => {
  [warden, hostile] = await Promise.all([hireWarden(), startHostileRegistry()]);
});

afterAll(async () => {
  await Promise.all([warden.dismiss(), hostile.stop()]);
});

describe.concurrent('a registry', () => {
  test('that asks for silence is left alone until then', async (context) => {
    const stage = await openStage(context, 'limited');
    const limited = await startHostileRegistry();
    stage.atEnd(() => limited.stop());
    await stage.push({ tag: '0.9.0' });
    await runWeb(stage, { image: `${stage.repository()}:0.9.0` });
    const containers = [{ name: 'web', source: 'web' }];
    const startedAt = Date.now();

    await putApp(
      stage,
      appSpec(stage, {
        sources: [sourceOf(`${limited.host}/rate-limited`)],
        deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web', containers }] } },
      }),
    );
    startHeadgate(stage);
    const app = await untilApp(stage, { reason: 'RateLimited', message: /429/ });

    const waitMs = Date.parse(app.status?.waiting?.until ?? '') - startedAt;
    expect(waitMs).toBeGreaterThan(16_000);
    await waitUntil('it is asked again', 30_000, async () => limited.requests.length > 1);
    expect(Date.now() - startedAt).toBeGreaterThan(17_000);
    expect(await updatesIn(stage)).toEqual([]);
  });

  test('that goes away and comes back delays its own App and no other', async (context) => {
    const stage = await openStage(context, 'away');
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const start = () =>
      startRegistry({ name: stage.namespace, directory: warden.directory, address, start: warden.start });
    const first = await start();
    await bringVersion(stage, address, '1.0.0');
    await stage.push({ tag: '1.0.0' });
    await Promise.all([
      runWeb(stage, { image: `${address}/web:1.0.0` }),
      runWeb(stage, { name: 'other', image: `${stage.repository()}:1.0.0` }),
    ]);
    const [web, other] = ['web', 'other'].map((name) => [{ kind: 'Deployment' as const, name }]);
    const ownSource = [sourceOf(`${address}/web`)];
    await putApp(
      stage,
      appSpec(stage, { sources: ownSource, deploy: { workloads: { targets: web ?? [], imageReference: 'Tag' } } }),
    );
    await putApp(stage, appSpec(stage, { deploy: { workloads: { targets: other ?? [] } } }), 'other');
    startHeadgate(stage);
    await untilApp(stage, { reason: 'UpToDate' });
    const before = await stage.client.get(deployments, { namespace: stage.namespace, name: 'web' });

    await first.stop();
    const app = await untilApp(stage, { reason: 'RegistryUnavailable', message: /list tags of 127\.0\.0\.1/ });
    expect(Date.parse(app.status?.waiting?.until ?? '')).toBeGreaterThan(Date.now());
    expect(app.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False' }));
    const digest = await stage.push({ tag: '1.1.0' });
    await untilUpdate(stage, 'other-1', { phases: ['Succeeded'] });
    expect(await runningDigests(stage, 'app=other')).toEqual([digest]);
    await untilApp(stage, { reason: 'RegistryUnavailable' });
    const during = await stage.client.get(deployments, { namespace: stage.namespace, name: 'web' });
    expect(during.metadata.generation).toBe(before.metadata.generation);

    await start();
    await untilApp(stage, { reason: 'UpToDate' });
    await bringVersion(stage, address, '1.1.0');
    await untilUpdate(stage, 'web-1', { phases: ['Succeeded'] });
    expect(await imagesOf(stage)).toEqual({ web: `${address}/web:1.1.0` });
    expect(new Set(await outcomesIn(stage))).toEqual(new Set(['other-1 Succeeded', 'web-1 Succeeded']));
  });

  /** The first parts of some lists hold 1.0.0 and 2.0.0: whoever took a part for the whole would update. */
  const rows = [
    { repository: 'partial-pages', reason: 'RegistryUnavailable', message: /500/ },
    { repository: 'broken-off-page', reason: 'RegistryUnavailable', message: /list tags of/ },
    { repository: 'link-loop', reason: 'RegistryUnavailable', message: /list tags of/ },
    { repository: 'not-json', reason: 'RegistryUnavailable', message: /list tags of/ },
    { repository: 'broken', reason: 'RegistryUnavailable', message: /503/ },
    { repository: 'hangs-up', reason: 'RegistryUnavailable', message: /list tags of/ },
    { repository: 'forbidden', reason: 'RegistryUnavailable', message: /denied/ },
    { repository: 'empty-list', reason: 'UpToDate', message: /stays on 0\.9\.0: \S+empty-list has no tags/ },
    { repository: 'null-tags', reason: 'UpToDate', message: /stays on 0\.9\.0: \S+null-tags has no tags/ },
  ] as const;

  test('that answers partly, wrongly or not at all changes nothing', async (context) => {
    const stage = await openStage(context, 'hostile');
    await stage.push({ tag: '0.9.0' });
    const image = `${stage.repository()}:0.9.0`;
    await Promise.all(rows.map(({ repository }) => runWeb(stage, { name: repository, image })));
    const before = await Promise.all(rows.map(({ repository }) => generationOf(stage, repository)));
    for (const { repository } of rows) {
      const containers = [{ name: 'web', source: 'web' }];
      const spec = appSpec(stage, {
        sources: [sourceOf(`${hostile.host}/${repository}`, { policy: { semver: { range: '>=0.1.0' } } })],
        deploy: { workloads: { targets: [{ kind: 'Deployment', name: repository, containers }] } },
      });
      await putApp(stage, spec, repository);
    }

    startHeadgate(stage);
    const seen = await Promise.all(
      rows.map(({ repository: name, reason, message }) => untilApp(stage, { name, reason, message })),
    );

    const unavailable = seen.filter(({ status }) => status?.waiting?.reason === 'RegistryUnavailable');
    expect(unavailable.every(({ status }) => status?.waiting?.until !== undefined)).toBe(true);
    await untilAskedAgain('partial-pages');
    expect(await Promise.all(rows.map(({ repository }) => generationOf(stage, repository)))).toEqual(before);
    expect(await updatesIn(stage)).toEqual([]);
  });
});

/**
 * Pushes a version to the registry of the story, and loads it into the node, which cannot reach this machine's loopback.
 * The image is of this story alone: kubelet asks the registry again for bits that another pod has pulled from elsewhere.
 */
async function bringVersion(stage: Stage, host: string, version: string): Promise<void> {
  const image = makeWebImage({ version: `${version} of ${stage.namespace}` });
  const archive = join(warden.directory, `${stage.namespace}-${version}.tar`);
  await writeArchive(image, archive, `${host}/web:${version}`);
  await loadImage(inject('nodeDirectory'), archive);
  await pushImage(image, { host, repository: 'web', tag: version, insecure: true });
}

async function generationOf({ client, namespace }: Stage, name: string): Promise<number | undefined> {
  return (await client.get(deployments, { namespace, name })).metadata.generation;
}

async function untilAskedAgain(repository: string): Promise<void> {
  const firstPages = () =>
    hostile.requests.filter(({ path }) => path.startsWith(`/v2/${repository}/`) && !path.includes('page='));
  const asked = firstPages().length;
  await waitUntil(`${repository} is asked again`, 30_000, async () => firstPages().length > asked);
}
