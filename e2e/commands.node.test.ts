/** What a person does with the program: look, go back, and run one pass from a cron job. */
import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type ProductObject, rejections } from '../src/adapters/cluster/kinds.ts';
import { freePort } from '../test/cluster/ports.ts';
import { headgate } from '../test/headgate/command-line.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, putApp, runWeb, sourceOf } from '../test/headgate/objects.ts';
import { imagesOf, outcomesIn, rejectionsIn, runningDigests, untilApp, untilUpdate } from '../test/headgate/sight.ts';
import { openStage, type Stage, type TestContext } from '../test/headgate/stage.ts';

const caller = process.env['USER'] ?? process.env['LOGNAME'] ?? 'unknown';

describe.concurrent('headgate rollback', () => {
  test('goes back to the version before, stays there, and does not swing back', async (context) => {
    const { stage, image } = await threeVersions(context, 'back');

    const said = await headgate(stage, 'rollback', 'web', '--reason', 'customers complain');
    expect(said).toEqual({ code: 0, out: 'Update web-3 goes back; rejected: 1.2.0\n', error: '' });
    const update = await untilUpdate(stage, 'web-3', { phases: ['Succeeded'] });
    expect(update.spec.trigger).toEqual({ kind: 'Rollback', by: caller, reason: 'customers complain' });
    expect(await imagesOf(stage)).toEqual({ web: image['1.1.0'] });
    await untilApp(stage, {
      reason: 'VersionRejected',
      message: /stays on 1\.1\.0: 1\.2\.0 was rejected by .*customers/,
    });

    const again = await headgate(stage, 'rollback', 'web');
    expect(again).toMatchObject({ code: 2, out: '', error: expect.stringContaining('rejected') });
    expect((await rejectionsIn(stage)).map(({ tag, author, reason }) => ({ tag, author, reason }))).toEqual([
      { tag: '1.2.0', author: caller, reason: 'customers complain' },
    ]);

    const further = await headgate(stage, 'rollback', 'web', '--to', 'web-1', '--output', 'json');
    expect(further).toMatchObject({ code: 2, error: expect.stringContaining('1.1.0') });
    expect(await imagesOf(stage)).toEqual({ web: image['1.1.0'] });
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded', 'web-2 Succeeded', 'web-3 Succeeded']);
  });

  test('--to goes back over several versions, rejects them all, and is seen by every command', async (context) => {
    const { stage, image, digest } = await threeVersions(context, 'to');
    digest['1.3.0'] = await stage.push({ tag: '1.3.0' });
    await untilUpdate(stage, 'web-3', { phases: ['Succeeded'] });
    await untilApp(stage, { reason: 'UpToDate' });

    const said = await headgate(stage, 'rollback', 'web', '--to', 'web-1', '--output', 'json');
    expect(JSON.parse(said.out)).toEqual({ kind: 'Started', update: 'web-4', rejected: ['1.3.0', '1.2.0'] });
    await untilUpdate(stage, 'web-4', { phases: ['Succeeded'] });
    expect(await imagesOf(stage)).toEqual({ web: image['1.1.0'] });
    expect(await runningDigests(stage)).toEqual([digest['1.1.0']]);
    await untilApp(stage, { reason: 'VersionRejected' });

    const status = await headgate(stage, 'status');
    expect(status.code).toBe(0);
    expect(status.out).toMatch(/^NAMESPACE +APP +READY +CURRENT +AVAILABLE +WAITING +UNTIL +MESSAGE\n/);
    expect(status.out).toMatch(
      new RegExp(`\n${stage.namespace} +web +True +1\\.1\\.0 +VersionRejected +web stays on 1\\.1\\.0`),
    );
    const statusJson: unknown = JSON.parse((await headgate(stage, 'status', '--output', 'json')).out);
    expect(statusJson).toEqual([expect.objectContaining({ name: 'web', current: '1.1.0', update: 'web-4' })]);

    const history = await headgate(stage, 'history', 'web');
    expect(
      history.out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/).slice(0, 3)),
    ).toEqual([
      ['UPDATE', 'CHANGE', 'OUTCOME'],
      [`${stage.namespace}/web-1`, 'web 1.0.0 -> 1.1.0', 'Succeeded'],
      [`${stage.namespace}/web-2`, 'web 1.1.0 -> 1.2.0', 'Succeeded'],
      [`${stage.namespace}/web-3`, 'web 1.2.0 -> 1.3.0', 'Succeeded'],
      [`${stage.namespace}/web-4`, 'web 1.3.0 -> 1.1.0', 'Succeeded'],
    ]);
    const records: { name: string; phase: string; steps: unknown[] }[] = JSON.parse(
      (await headgate(stage, 'history', '--output', 'json')).out,
    );
    expect(records.map(({ name, phase, steps }) => [name, phase, steps.length])).toEqual(
      ['web-1', 'web-2', 'web-3', 'web-4'].map((name) => [name, 'Succeeded', 3]),
    );
    expect(JSON.parse((await headgate(stage, 'history', 'other', '--output', 'json')).out)).toEqual([]);

    const table = await headgate(stage, 'rejections');
    expect(table.out).toMatch(/^NAMESPACE +REJECTION +APP +TAG +DIGEST +BY +EXPIRES +REASON\n/);
    expect(table.out).toContain('rolled back by hand');
    const listed: { tag: string; digest: string }[] = JSON.parse(
      (await headgate(stage, 'rejections', '-o', 'json')).out,
    );
    expect(new Map(listed.map((one) => [one.tag, one.digest]))).toEqual(
      new Map([
        ['1.3.0', digest['1.3.0']],
        ['1.2.0', digest['1.2.0']],
      ]),
    );
  });

  test('stops an Update that is under way, and the record keeps who did it', async (context) => {
    const stage = await openStage(context, 'stop');
    await stage.push({ tag: '1.0.0' });
    const image = `${stage.repository()}:1.0.0`;
    await runWeb(stage, { image });
    await stage.push({ tag: '1.1.0', behaviour: 'never-ready' });
    await putApp(stage);
    startHeadgate(stage);
    await untilUpdate(stage, 'web-1', { phases: ['Watching'] });

    const said = await headgate(stage, 'rollback', 'web', '--reason', 'wrong day');
    expect(said).toEqual({ code: 0, out: 'Update web-1 is stopped and goes back; rejected: 1.1.0\n', error: '' });
    const update = await untilUpdate(stage, 'web-1', { phases: ['RolledBack'] });

    expect(update.status?.failure?.reason).toBe('Rejected');
    expect(await imagesOf(stage)).toEqual({ web: image });
    expect(await rejectionsIn(stage)).toEqual([
      expect.objectContaining({ tag: '1.1.0', author: caller, reason: 'wrong day' }),
    ]);
    await untilApp(stage, { reason: 'VersionRejected', message: /wrong day/ });
    expect(await outcomesIn(stage)).toEqual(['web-1 RolledBack']);
  });

  test('asked for twice goes back once', async (context) => {
    const { stage, image, running } = await threeVersions(context, 'twice');
    await running.stop();

    const first = await headgate(stage, 'rollback', 'web');
    const second = await headgate(stage, 'rollback', 'web');
    expect(first.out).toBe('Update web-3 goes back; rejected: 1.2.0\n');
    expect(second).toEqual({ code: 0, out: 'Update web-3 goes back; nothing was rejected\n', error: '' });
    startHeadgate(stage);
    await untilUpdate(stage, 'web-3', { phases: ['Succeeded'] });

    expect(await imagesOf(stage)).toEqual({ web: image['1.1.0'] });
    expect((await rejectionsIn(stage)).map(({ tag }) => tag)).toEqual(['1.2.0']);
  });

  test('says what is wrong with what it was asked for and ends with 2', async (context) => {
    const stage = await openStage(context, 'usage');
    await stage.push({ tag: '1.0.0' });
    await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
    await putApp(stage);

    const unknown = await headgate(stage, 'rollback', 'shop');
    const nothing = await headgate(stage, 'rollback', 'web');
    const nowhere = await headgate(stage, 'rollback');

    expect(unknown).toMatchObject({
      code: 2,
      error: `headgate: roll back ${stage.namespace}/shop: there is no such App\n`,
    });
    expect(nothing).toMatchObject({ code: 2, error: expect.stringContaining('no Update has succeeded yet') });
    expect(nowhere).toMatchObject({ code: 2, error: expect.stringContaining("missing required argument 'app'") });
  });
});

describe.concurrent('headgate run --once ends with', () => {
  test('0 when there is nothing to do and when an Update succeeded, 1 when one went back', async (context) => {
    const stage = await openStage(context, 'once');
    await stage.push({ tag: '1.0.0' });
    await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
    await putApp(stage);

    const nothing = await headgate(stage, 'run', '--once');
    expect(nothing.code).toBe(0);
    expect(nothing.out).toMatch(/web +True +1\.0\.0 +UpToDate/);

    const good = await stage.push({ tag: '1.1.0' });
    const updated = await headgate(stage, 'run', '--once', '--output', 'json');
    expect(updated.code).toBe(0);
    const report: { updates: { metadata: { name: string } }[] } = JSON.parse(updated.out);
    expect(report.updates.map(({ metadata }) => metadata.name)).toEqual(['web-1']);
    expect(await runningDigests(stage)).toEqual([good]);

    await stage.push({ tag: '1.2.0', behaviour: 'crash' });
    expect((await headgate(stage, 'run', '--once')).code).toBe(1);
    expect(await runningDigests(stage)).toEqual([good]);
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded', 'web-2 RolledBack']);

    expect((await headgate(stage, 'run', '--once')).code).toBe(0);
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded', 'web-2 RolledBack']);
  });

  test('1 when a registry is away', async (context) => {
    const stage = await openStage(context, 'once');
    await stage.push({ tag: '1.0.0' });
    await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
    const nobody = `127.0.0.1:${await freePort('127.0.0.1')}/web`;
    const containers = [{ name: 'web', source: 'web' }];
    const targets = [{ kind: 'Deployment' as const, name: 'web', containers }];
    await putApp(stage, appSpec(stage, { sources: [sourceOf(nobody)], deploy: { workloads: { targets } } }));

    const said = await headgate(stage, 'run', '--once');

    expect(said.code).toBe(1);
    expect(said.out).toContain('RegistryUnavailable');
  });

  test('1 when the time is over, and the next pass goes on', async (context) => {
    const stage = await openStage(context, 'once');
    await stage.push({ tag: '1.0.0' });
    await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
    await stage.push({ tag: '1.1.0' });
    await putApp(stage, appSpec(stage, { health: { timeout: '60s', stableFor: '6s' } }));

    expect((await headgate(stage, 'run', '--once', '--timeout', '4s')).code).toBe(1);
    expect(await outcomesIn(stage)).toEqual(['web-1 Watching']);
    expect((await headgate(stage, 'run', '--once')).code).toBe(0);
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded']);
  });

  test('2 when used wrongly', async (context) => {
    const stage = await openStage(context, 'once');

    expect((await headgate(stage, 'run')).code).toBe(2);
    expect((await headgate(stage, 'run', '--once', '--timeout', 'soon')).code).toBe(2);
    expect((await headgate(stage, 'run', '--once', '--output', 'yaml')).code).toBe(2);
  });

  test('3 when a person has to choose, because neither the new nor the former version may run', async (context) => {
    const stage = await openStage(context, 'once');
    const first = await stage.push({ tag: '1.0.0' });
    await runWeb(stage, { image: `${stage.repository()}:1.0.0@${first}` });
    const second = await stage.push({ tag: '1.1.0', behaviour: 'crash' });
    await stage.client.create<ProductObject>(rejections, {
      metadata: { name: 'by-hand', namespace: stage.namespace },
      spec: { app: 'web', digest: first, reason: 'leaks', author: userInfo().username },
    });
    await putApp(stage);

    const said = await headgate(stage, 'run', '--once');

    expect(said.code).toBe(3);
    expect(said.out).toMatch(/web +False +1\.1\.0 +Person +Update web-1: .*a person has to choose/);
    expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0@${second}` });
    expect(await outcomesIn(stage)).toEqual(['web-1 Failed']);
  });
});

/** 1.0.0, then 1.1.0 by Update web-1, then 1.2.0 by web-2; at rest. */
async function threeVersions(context: TestContext, title: string) {
  const stage = await openStage(context, title);
  const digest: Record<string, string> = { '1.0.0': await stage.push({ tag: '1.0.0' }) };
  await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
  await putApp(stage);
  const running = startHeadgate(stage);
  for (const [index, tag] of ['1.1.0', '1.2.0'].entries()) {
    digest[tag] = await stage.push({ tag });
    await untilUpdate(stage, `web-${index + 1}`, { phases: ['Succeeded'] });
    await untilApp(stage, { reason: 'UpToDate' });
  }
  return { stage, running, digest, image: imagesBy(stage, digest) };
}

function imagesBy(stage: Stage, digest: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(digest).map(([tag, one]) => [tag, `${stage.repository()}:${tag}@${one}`]));
}
