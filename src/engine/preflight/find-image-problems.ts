/** Whether the nodes can pull what an Update brings: it is there, for their platforms, with the credentials of the pods. */
import type { AppSpec, ImageSource } from '../../core/app/app.ts';
import { isOperationError } from '../../core/errors.ts';
import { formatPlatform, missingPlatforms, type Platform } from '../../core/image/platform.ts';
import { platformsOf } from '../../core/workload/placement.ts';
import type { Workload } from '../../core/workload/workload.ts';
import { changesOf } from '../../resources/update/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';
import type { Nodes } from '../ports/nodes.ts';
import type { Registry, RegistryAccesses } from '../ports/registry.ts';
import type { Workloads } from '../ports/workloads.ts';

export interface ImageContext {
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
  readonly nodes: Nodes;
  readonly workloads: Workloads;
}

export async function findImageProblems(
  context: ImageContext,
  { update }: Work,
  spec: AppSpec,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { namespace } = update.metadata;
  const brought = changesOf(update.spec).flatMap(({ source: name, to }) => {
    const source = spec.sources.find((one) => one.name === name);
    const wanted = to.digest ?? to.tag;
    const what = `${source?.kind === 'Image' ? source.repositoryText : ''}:${to.tag ?? wanted}`;
    return source?.kind === 'Image' && wanted !== undefined ? [{ namespace, source, wanted, what }] : [];
  });
  const problems = await Promise.all(brought.map(async (one) => await tryToPull(context, one, signal)));
  return problems.flat();
}

interface Brought {
  readonly namespace: string;
  readonly source: ImageSource;
  /** Digest, or tag where none is known. */
  readonly wanted: string;
  readonly what: string;
}

async function tryToPull(
  context: ImageContext,
  { namespace, source, wanted, what }: Brought,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const runsIt = ({ containers }: Workload) => containers.some(({ image }) => image.startsWith(source.repositoryText));
  const pullers = context.workloads.list(namespace).filter(runsIt);
  try {
    const access = await context.accesses.accessFor(namespace, source, signal, pullers);
    const image = await context.registry.findImage(source.repository, wanted, access, signal);
    return image ? await findMissing(context, { what, image, pullers }, signal) : [`${what} is not there`];
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT' || error.code.startsWith('API_')) {
      throw error;
    }
    return [`${what} cannot be pulled: ${error.message}`];
  }
}

interface FoundImage {
  readonly what: string;
  readonly image: { readonly platforms: readonly Platform[] };
  readonly pullers: readonly Pick<Workload, 'placement'>[];
}

/** An image of one platform may not say which; where we may not see nodes, any does. */
async function findMissing(
  { nodes }: ImageContext,
  { what, image, pullers }: FoundImage,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (image.platforms.length === 0) {
    return [];
  }
  try {
    const placements = pullers.map(
      ({ placement }) => placement ?? { nodeSelector: {}, nodeTerms: [], tolerations: [] },
    );
    const missing = missingPlatforms(platformsOf(placements, await nodes.list(signal)), image.platforms);
    return missing.length === 0 ? [] : [`${what} has no image for ${missing.map(formatPlatform).join(', ')}`];
  } catch (error) {
    if (isOperationError(error, 'API_FORBIDDEN')) {
      return [];
    }
    throw error;
  }
}
