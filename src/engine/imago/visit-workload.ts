/** One workload as Imago visits it: say how it stands, and on wish pin new digests or start its pods anew. */
import {
  formatImagoConfig,
  type ImagoConfig,
  mergeImagoConfig,
  parseImagoConfig,
} from '../../core/adopt/imago-config.ts';
import { type DigestAnswer, type ImagoPlan, planImago, type RunningContainer } from '../../core/adopt/imago-plan.ts';
import { imagoConfigKey } from '../../core/adopt/marks.ts';
import { isOperationError } from '../../core/errors.ts';
import { findContainer, type Pod, type Workload } from '../../core/workload/workload.ts';
import type { Clock } from '../ports/clock.ts';
import type { ImageSetting, WorkloadMarks, Workloads } from '../ports/workloads.ts';
import type { DigestLookup } from './digest-lookup.ts';

export interface ImagoContext {
  readonly workloads: Pick<Workloads, 'read' | 'setImages' | 'readPods'>;
  readonly findDigest: DigestLookup;
  readonly clock: Clock;
  readonly print: (line: string) => void;
}

export interface ImagoMode {
  readonly action: 'Look' | 'Update' | 'Restart';
  /** Compare what its pods run in place of what its spec says. */
  readonly checkPods: boolean;
}

const restartedAtKey = 'imago/restartedAt';
const attempts = 4;

/**
 * Visits one workload; when somebody else changes it meanwhile, again.
 *
 * @returns whether every registry answered
 * @throws OBJECT_INVALID for an annotation that cannot be read; errors of the API server
 */
export async function visitWorkload(
  context: ImagoContext,
  workload: Workload,
  mode: ImagoMode,
  signal: AbortSignal,
): Promise<boolean> {
  let current: Workload | undefined = workload;
  for (let attempt = 1; current !== undefined; attempt += 1) {
    try {
      return await visitOnce(context, current, mode, signal);
    } catch (error) {
      if (!isOperationError(error, 'UPDATE_CONFLICT') || attempt === attempts) {
        throw error;
      }
      current = await context.workloads.read(workload, signal);
    }
  }
  return true;
}

async function visitOnce(
  context: ImagoContext,
  workload: Workload,
  mode: ImagoMode,
  signal: AbortSignal,
): Promise<boolean> {
  const { kind, namespace, name, annotations, containers } = workload;
  context.print(`checking ${namespace}/${kind}/${name}`);
  const config = mergeImagoConfig(parseImagoConfig(annotations[imagoConfigKey] ?? ''), containers);
  const answers = await askAll(context, workload, config, signal);
  const running = mode.checkPods ? runningIn(await context.workloads.readPods(workload, signal)) : undefined;
  const plan = planImago(workload, config, answers, running);
  for (const line of plan.lines) {
    context.print(`    ${line}`);
  }
  if (mode.action !== 'Look' && plan.behind.length > 0) {
    context.print(`${mode.action.toLowerCase()} ${namespace}/${kind}/${name}`);
    const { settings, marks } =
      mode.action === 'Update' ? updateOf(workload, config, plan) : restartOf(workload, config, context.clock.now());
    await context.workloads.setImages(workload, settings, signal, marks);
  }
  return !plan.failed;
}

async function askAll(
  { findDigest }: ImagoContext,
  workload: Workload,
  { containers, initContainers }: ImagoConfig,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DigestAnswer>> {
  const answers = new Map<string, DigestAnswer>();
  for (const { image } of [...initContainers, ...containers]) {
    if (!answers.has(image) && !image.includes('@sha256:')) {
      answers.set(image, await findDigest(workload, image, signal));
    }
  }
  return answers;
}

/** A pod that has not pulled anything yet pulls what is new. */
function runningIn(pods: readonly Pod[]): readonly RunningContainer[] {
  return pods
    .filter((pod) => !pod.deleting)
    .flatMap((pod) =>
      pod.containers
        .filter((container) => container.runningDigest !== undefined)
        .map(({ name, init, runningDigest }) => ({ pod: pod.name, name, init, digest: runningDigest })),
    );
}

interface Change {
  readonly settings: readonly ImageSetting[];
  readonly marks: WorkloadMarks;
}

function updateOf(workload: Workload, config: ImagoConfig, { behind }: ImagoPlan): Change {
  const annotations = { [imagoConfigKey]: formatImagoConfig(config) };
  return { settings: behind.flatMap((one) => settingFor(workload, one)), marks: { annotations } };
}

/** Back to the references of before, whose tags the new pods pull. A CronJob's next pod does so anyway. */
function restartOf(workload: Workload, config: ImagoConfig, now: Date): Change {
  const isPinned = (workload.annotations[imagoConfigKey] ?? '') !== '';
  const originals = [
    ...config.containers.map(({ name, image }) => ({ container: name, init: false, image })),
    ...config.initContainers.map(({ name, image }) => ({ container: name, init: true, image })),
  ];
  return {
    settings: isPinned ? originals.flatMap((one) => settingFor(workload, one)) : [],
    marks: {
      ...(isPinned && { annotations: { [imagoConfigKey]: null } }),
      ...(workload.kind !== 'CronJob' && {
        podAnnotations: { [restartedAtKey]: now.toISOString().replace(/\.\d+Z$/, 'Z') },
      }),
    },
  };
}

function settingFor(
  workload: Workload,
  { container, init, image }: { readonly container: string; readonly init: boolean; readonly image: string },
): readonly ImageSetting[] {
  const now = findContainer(workload, { container, init });
  return now && now.image !== image ? [{ container, init, expected: now.image, image }] : [];
}
