/** Headgate is killed at every line of an Update that matters; the next one finishes or undoes it, once. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hireWarden, type Warden } from '../test/cluster/warden.ts';
import type { Death } from '../test/headgate/death.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { putApp, runWeb } from '../test/headgate/objects.ts';
import {
  imagesOf,
  outcomesIn,
  rejectionsIn,
  rolloutsOf,
  runningDigests,
  stepsOf,
  untilApp,
  untilUpdate,
} from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';

const program = fileURLToPath(new URL('../test/headgate/mortal-headgate.ts', import.meta.url));

let warden: Warden;

beforeAll(async () => {
  warden = await hireWarden();
});

afterAll(() => warden.dismiss());

interface Row {
  readonly when: string;
  readonly death: Death;
}

const afterStep = (step: string): Row => ({ when: `after step ${step}`, death: { kind: 'step', step } });
const beforeWrite = (write: string, count = 1): Row => ({
  when: `before ${write}${count === 1 ? '' : `, time ${count}`}`,
  death: { kind: 'write', write, count },
});

/**
 * In the order in which they come. What is written decides what the next Headgate finds, so that a death after a step
 * stands for one before the next write too.
 */
const begin = [
  beforeWrite('create updates'),
  beforeWrite('journal Applying'),
  afterStep('Plan'),
  // Written together with what is waited for then.
  beforeWrite('journal Watching waiting'),
  afterStep('Apply'),
];

describe.concurrent('a good version: killed', () => {
  test.for<Row>([
    ...begin,
    beforeWrite('journal Watching healthy'),
    afterStep('NoteHealthy'),
    beforeWrite('journal Succeeded healthy'),
    afterStep('Finish'),
  ])('$when, it is finished once', async ({ death }, context) => {
    const stage = await openStage(context, 'killed');
    const { digest, image } = await killedOnTheWay(stage, 'good', death);

    startHeadgate(stage);
    await untilApp(stage, { reason: 'UpToDate' });
    const update = await untilUpdate(stage, 'web-1', { phases: ['Succeeded'] });

    expect(stepsOf(update)).toEqual(['Plan Done', 'Apply Done', 'Watch Done']);
    expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded']);
    expect(await imagesOf(stage)).toEqual({ web: image.after });
    expect(await runningDigests(stage)).toEqual([digest.after]);
    expect(await rolloutsOf(stage)).toEqual([
      { revision: 1, image: image.before, replicas: 0 },
      { revision: 2, image: image.after, replicas: 1 },
    ]);
    expect(await rejectionsIn(stage)).toEqual([]);
  });
});

describe.concurrent('a version that crashes: killed', () => {
  test.for<Row>([
    ...begin,
    beforeWrite('journal RollingBack'),
    afterStep('Condemn'),
    beforeWrite('patch deployments', 2),
    beforeWrite('journal VerifyingRollback'),
    afterStep('Restore'),
    beforeWrite('journal RolledBack'),
    afterStep('Finish'),
  ])('$when, it is undone once', async ({ death }, context) => {
    const stage = await openStage(context, 'killed');
    const { digest, image } = await killedOnTheWay(stage, 'crash', death);

    startHeadgate(stage);
    await untilApp(stage, { reason: 'VersionRejected' });
    const update = await untilUpdate(stage, 'web-1', { phases: ['RolledBack'] });

    expect(stepsOf(update)).toEqual([
      'Plan Done',
      'Apply Done',
      'Watch Failed',
      'RollBack Done',
      'VerifyRollback Done',
    ]);
    expect(await outcomesIn(stage)).toEqual(['web-1 RolledBack']);
    expect(await imagesOf(stage)).toEqual({ web: image.before });
    expect(await runningDigests(stage)).toEqual([digest.before]);
    expect(await rolloutsOf(stage)).toEqual([
      { revision: 2, image: image.after, replicas: 0 },
      { revision: 3, image: image.before, replicas: 1 },
    ]);
    expect(await rejectionsIn(stage)).toEqual([expect.objectContaining({ tag: '1.1.0', digest: digest.after })]);
  });
});

/** 1.0.0 runs, 1.1.0 is there, and the Headgate that was to bring it has killed itself. */
async function killedOnTheWay(stage: Stage, behaviour: 'good' | 'crash', death: Death) {
  const first = await stage.push({ tag: '1.0.0' });
  const image = `${stage.repository()}:1.0.0`;
  await runWeb(stage, { image });
  const second = await stage.push({ tag: '1.1.0', behaviour });
  await putApp(stage);
  const child = warden.start({
    name: stage.namespace,
    program: process.execPath,
    arguments: [program, stage.kubeconfigPath, stage.namespace, JSON.stringify(death)],
  });
  stage.atEnd(() => child.stop('SIGKILL'));
  try {
    await waitUntil('Headgate has killed itself', 90_000, async () => child.ending !== undefined);
    expect(child.ending).toBe('signal SIGKILL');
  } catch (error) {
    throw new Error(`${JSON.stringify(death)}: ${await readFile(child.logPath, 'utf8')}`, { cause: error });
  }
  return {
    digest: { before: first, after: second },
    image: { before: image, after: `${stage.repository()}:1.1.0@${second}` },
  };
}
