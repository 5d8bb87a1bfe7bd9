/** What a version still lacks of what its policy requires besides its place in the order: age, and platforms. */
import type { ImageSource } from '../../core/app/app.ts';
import { formatDuration } from '../../core/duration.ts';
import { formatPlatform, missingPlatforms, type Platform } from '../../core/image/platform.ts';
import type { FirstSeen, PlatformRequirement } from '../../core/policy/requirements.ts';
import { platformsOf } from '../../core/workload/placement.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { Clock } from '../ports/clock.ts';
import type { Nodes } from '../ports/nodes.ts';
import type { Registry, RegistryAccess } from '../ports/registry.ts';
import type { Unmet } from './finding.ts';

export interface UnmetContext {
  readonly registry: Registry;
  readonly nodes: Nodes;
  readonly clock: Clock;
}

export interface UnmetRequest {
  readonly source: ImageSource;
  readonly access: RegistryAccess;
  /** Workloads of the App. */
  readonly workloads: readonly Pick<Workload, 'placement'>[];
  /** When candidates were seen first, and those of this check: the clock of each starts when it is looked at. */
  readonly seen: SeenVersions;
}

/** Clocks of candidates, by digest. */
export class SeenVersions {
  readonly #before: ReadonlyMap<string, FirstSeen>;
  readonly #seen: FirstSeen[] = [];

  constructor(before: readonly FirstSeen[]) {
    this.#before = new Map(before.map((one) => [one.digest, one]));
  }

  /** Answers when the version was seen first, which is now where it never was. */
  note(version: { readonly tag: string; readonly digest: string }, now: Date): Date {
    const known = this.#before.get(version.digest) ?? this.#seen.find((one) => one.digest === version.digest);
    const one = known ?? { ...version, at: now };
    if (!this.#seen.includes(one)) {
      this.#seen.push(one);
    }
    return one.at;
  }

  /** Those that were candidates in this check; what is none any more loses its clock. */
  get all(): readonly FirstSeen[] {
    return this.#seen;
  }
}

/** @throws errors of the registry and of the API server, where they are asked */
export async function findUnmet(
  context: UnmetContext,
  request: UnmetRequest,
  version: { readonly tag: string; readonly digest: string },
  signal: AbortSignal,
): Promise<Unmet | undefined> {
  const { minimumAgeMs, platforms } = request.source.policy.requirements ?? {};
  const young = minimumAgeMs === undefined ? undefined : judgeAge(context, request.seen, version, minimumAgeMs);
  // A young one is looked at once it is old enough; its platforms cost a pull.
  return young ?? (platforms && (await judgePlatforms(context, request, { ...version, platforms }, signal)));
}

function judgeAge(
  { clock }: UnmetContext,
  seen: SeenVersions,
  version: { readonly tag: string; readonly digest: string },
  minimumAgeMs: number,
): Unmet | undefined {
  const now = clock.now();
  const firstSeen = seen.note(version, now);
  const until = new Date(firstSeen.getTime() + minimumAgeMs);
  const since = `its age is unknown, and it was seen first at ${firstSeen.toISOString()}`;
  const message = `${version.tag} is not ${formatDuration(minimumAgeMs)} old yet (${since})`;
  return until <= now ? undefined : { kind: 'Young', tag: version.tag, until, message };
}

async function judgePlatforms(
  context: UnmetContext,
  { source, access, workloads }: UnmetRequest,
  version: { readonly tag: string; readonly digest: string; readonly platforms: PlatformRequirement },
  signal: AbortSignal,
): Promise<Unmet | undefined> {
  const { tag, digest, platforms } = version;
  const wanted: Platform[] = [...platforms.named];
  if (platforms.ofNodes) {
    wanted.push(...platformsOf(workloads.map(placementOf), await context.nodes.list(signal)));
  }
  const image = await context.registry.findImage(source.repository, digest, access, signal);
  const missing = missingPlatforms(wanted, image?.platforms ?? []).map(formatPlatform);
  const has = (image?.platforms ?? []).map(formatPlatform).join(', ') || 'no platform';
  return missing.length === 0
    ? undefined
    : { kind: 'Unfit', tag, message: `${tag} has no image for ${missing.join(', ')} (it has ${has})` };
}

function placementOf({ placement }: Pick<Workload, 'placement'>) {
  return placement ?? { nodeSelector: {}, nodeTerms: [], tolerations: [] };
}
