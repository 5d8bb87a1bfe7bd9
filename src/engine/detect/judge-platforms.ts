/** Whether an image can run on every node that the workloads of its App may come to. */
import { formatPlatform, missingPlatforms, type Platform } from '../../core/image/platform.ts';
import type { PlatformRequirement } from '../../core/policy/requirements.ts';
import { platformsOf } from '../../core/workload/placement.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { Nodes } from '../ports/nodes.ts';
import type { ResolvedImage } from '../ports/registry.ts';
import type { Obstacle } from './finding.ts';
import type { ShelfVersion } from './shelf.ts';

export interface PlatformQuestion {
  /** Undefined: any will do. */
  readonly platforms: PlatformRequirement | undefined;
  readonly image: ResolvedImage;
  /** Workloads of the App. */
  readonly workloads: readonly Pick<Workload, 'placement'>[];
}

/** @throws errors of the API server, where it is asked for nodes */
export async function judgePlatforms(
  { nodes }: { readonly nodes: Nodes },
  { platforms, image, workloads }: PlatformQuestion,
  { tag }: ShelfVersion,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  if (platforms === undefined) {
    return undefined;
  }
  const wanted: Platform[] = [...platforms.named];
  if (platforms.ofNodes) {
    wanted.push(...platformsOf(workloads.map(placementOf), await nodes.list(signal)));
  }
  const missing = missingPlatforms(wanted, image.platforms).map(formatPlatform);
  const has = image.platforms.map(formatPlatform).join(', ') || 'no platform';
  return missing.length === 0
    ? undefined
    : { kind: 'PlatformMissing', tag, message: `has no image for ${missing.join(', ')} (it has ${has})` };
}

function placementOf({ placement }: Pick<Workload, 'placement'>) {
  return placement ?? { nodeSelector: {}, nodeTerms: [], tolerations: [] };
}
