/** What Imago would do to one workload: a line for each container, and which images change. Pure. */
import { parseImageReference, setImage } from '../image/reference.ts';
import type { Workload } from '../workload/workload.ts';
import { type ImagoConfig, type ImagoImage, isPinned } from './imago-config.ts';

/** What the registry said of a reference. */
export type DigestAnswer =
  /** Digest of the index, and those of its platforms, which some runtimes report in its place. */
  | { readonly kind: 'Found'; readonly digest: string; readonly platforms: readonly string[] }
  /** Was rolled back or rejected in this cluster, and must not come again. */
  | { readonly kind: 'Rejected'; readonly digest: string; readonly why: string }
  | { readonly kind: 'Failed'; readonly message: string };

/** A container of a pod that runs, and the digest of what it runs; undefined where the kubelet tells none. */
export interface RunningContainer {
  readonly pod: string;
  readonly name: string;
  readonly init: boolean;
  readonly digest: string | undefined;
}

export interface ImagoPlan {
  /** As Imago logs them. */
  readonly lines: readonly string[];
  /** Containers that are behind, with the image that brings them up. */
  readonly behind: readonly { readonly container: string; readonly init: boolean; readonly image: string }[];
  /** A registry did not answer; the other containers are looked after all the same. */
  readonly failed: boolean;
}

/**
 * @param answers by reference as the configuration has it
 * @param running of its pods, to compare these in place of the spec; undefined: compare the spec
 */
export function planImago(
  workload: Pick<Workload, 'containers'>,
  config: ImagoConfig,
  answers: ReadonlyMap<string, DigestAnswer>,
  running: readonly RunningContainer[] | undefined,
): ImagoPlan {
  const plans = [
    ...config.initContainers.map((wanted) => planContainer({ workload, wanted, init: true, answers, running })),
    ...config.containers.map((wanted) => planContainer({ workload, wanted, init: false, answers, running })),
  ];
  return {
    lines: plans.flatMap((plan) => plan.lines),
    behind: plans.flatMap((plan) => plan.behind),
    failed: plans.some((plan) => plan.failed),
  };
}

interface Question {
  readonly workload: Pick<Workload, 'containers'>;
  readonly wanted: ImagoImage;
  readonly init: boolean;
  readonly answers: ReadonlyMap<string, DigestAnswer>;
  readonly running: readonly RunningContainer[] | undefined;
}

function planContainer(question: Question): ImagoPlan {
  const { name, image } = question.wanted;
  if (isPinned(image)) {
    return said(`${name} ok (fixed digest)`);
  }
  const answer = question.answers.get(image) ?? { kind: 'Failed', message: `${image} was not looked up` };
  switch (answer.kind) {
    case 'Failed':
      return { lines: [`${name} unable to get digest: ${answer.message}`], behind: [], failed: true };
    case 'Rejected':
      return said(`${name} left as it is: ${answer.digest} was rejected (${answer.why})`);
    case 'Found':
      return compare(question, answer);
  }
}

function said(line: string): ImagoPlan {
  return { lines: [line], behind: [], failed: false };
}

/** The tag stays before the digest, as Imago leaves it, so that the next reader sees what is followed. */
function compare(
  { workload, wanted, init, running }: Question,
  { digest, platforms }: Extract<DigestAnswer, { kind: 'Found' }>,
): ImagoPlan {
  const { name } = wanted;
  const image = setImage(wanted.image, { tag: tagOf(wanted.image), digest });
  const now = workload.containers.find((one) => one.name === name && one.init === init)?.image ?? '';
  const pods = running?.filter((one) => one.name === name && one.init === init);
  const found = pods
    ? pods.map((one) => ({
        where: `${name} on ${one.pod}`,
        runs: one.digest ?? 'an unknown digest',
        digest: one.digest,
      }))
    : [{ where: name, runs: now, digest: digestOf(now) }];
  const isCurrent = (own: string | undefined) =>
    own === digest || (pods && own !== undefined && platforms.includes(own));
  return {
    lines: found.map(({ where, runs, digest: own }) =>
      isCurrent(own) ? `${where} ok` : `${where} need to be updated from ${runs} to ${image}`,
    ),
    behind: found.some((one) => !isCurrent(one.digest)) ? [{ container: name, init, image }] : [],
    failed: false,
  };
}

function tagOf(image: string): string | undefined {
  return parseImageReference(image).tag;
}

function digestOf(image: string): string | undefined {
  return /@(sha256:.+)$/.exec(image)?.[1];
}
