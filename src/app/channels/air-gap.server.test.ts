/** A cluster without a network: Releases come in a file, into a folder that its Subscription reads, and nothing else is asked. */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { type HubAndMember, openHubAndMember, releasedWeb } from '../../../test/channels/hub-and-member.ts';
import { digest } from '../../../test/fixtures.ts';
import { createDeployment } from '../../../test/runtime-stage.ts';
import { runProgram } from '../../cli/program.ts';

vi.setConfig({ testTimeout: 120_000 });

let ground: HubAndMember;

beforeEach(async () => {
  ground = await openHubAndMember(inject('kubeconfig'));
  await createDeployment(ground.member, 'web', `registry.invalid/web:1.0.0@${digest('a')}`);
  await ground.createChannel();
});

afterEach(() => ground.stop());

const at = (path: string) => join(ground.folder, path);

async function headgate(...words: readonly string[]): Promise<void> {
  let text = '';
  const out = (part: string) => {
    text += part;
  };
  const signal = AbortSignal.timeout(60_000);
  expect([await runProgram(['channel', ...words], { out, error: out, signal }), text]).toEqual([0, text]);
}

/** Out of the hub, in a file, into the folder of the cluster. */
async function carry(release: string): Promise<void> {
  await headgate('export', release, '--store', at('stable'), '--out', at(`${release}.tar`), '--without-images');
  await mkdir(at('inside'), { recursive: true });
  await rename(at(`${release}.tar`), at(`inside/${release}.tar`));
  const root = ['--root', at('stable/1.root.json')];
  await headgate('import', at(`inside/${release}.tar`), '--store', at('inside/stable'), ...root);
}

const runs = (release: string, tag: string) =>
  ground.until(async () => {
    expect(await ground.status()).toMatchObject({ release, waiting: { reason: 'UpToDate' } });
    expect(await ground.image('web')).toContain(tag);
  });

test('one Release after the other is carried in, and taken; what was left out on the way is not missed', async () => {
  await ground.createRelease(1, [releasedWeb('1.1.0', 'b')]);
  await ground.published('r1');
  await carry('r1');
  await ground.subscribe({ url: `file://${at('inside/stable')}/` });
  await runs('r1', '1.1.0');

  await ground.createRelease(2, [releasedWeb('1.2.0', 'c')]);
  await ground.createRelease(3, [releasedWeb('1.3.0', 'd')]);
  await ground.published('r3');
  await carry('r3');
  await runs('r3', '1.3.0');
  expect((await ground.member.updatesOf('web')).map(({ spec }) => spec.changes[0]?.to.tag).toSorted()).toEqual([
    '1.1.0',
    '1.3.0',
  ]);
});

test('a barrier that was left out is named, and taken once it is carried in', async () => {
  await ground.createRelease(1, [releasedWeb('1.1.0', 'b')]);
  await ground.published('r1');
  await carry('r1');
  await ground.subscribe({ url: `file://${at('inside/stable')}/` });
  await runs('r1', '1.1.0');

  await ground.createRelease(2, [releasedWeb('1.2.0', 'c')], { barrier: true });
  await ground.createRelease(3, [releasedWeb('1.3.0', 'd')]);
  await ground.published('r3');
  await carry('r3');
  await ground.until(async () =>
    expect((await ground.status())?.waiting).toMatchObject({
      reason: 'ChannelUnavailable',
      message: expect.stringMatching(/it has no file targets\/releases\/\w+\.r2\.json/),
      until: expect.any(String),
    }),
  );
  expect(await ground.image('web')).toContain('1.1.0');
  expect(await ground.status()).toMatchObject({ release: 'r1', apps: [{ name: 'web', state: 'Current' }] });

  await carry('r2');
  await runs('r3', '1.3.0');
});
