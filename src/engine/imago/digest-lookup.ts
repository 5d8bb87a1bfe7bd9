/** What registries say of references in pod specs, each asked once, with the credentials that the kubelet would take. */
import type { DigestAnswer } from '../../core/adopt/imago-plan.ts';
import type { Rejection } from '../../core/app/rejection.ts';
import { describeError, isOperationError } from '../../core/errors.ts';
import { formatRepository, type ImageReference, parseImageReference } from '../../core/image/reference.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { Clock } from '../ports/clock.ts';
import type { Registry, RegistryAccess, RegistryAccesses, ResolvedImage } from '../ports/registry.ts';

export interface DigestLookupContext {
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
  /** Those of one namespace, read once. */
  readonly rejections: (namespace: string, signal: AbortSignal) => Promise<readonly Rejection[]>;
  readonly insecureRegistries: readonly string[];
  readonly clock: Clock;
  /** Whether what pods run is compared, for which the platforms have to be known. */
  readonly withPlatforms: boolean;
}

export type DigestLookup = (workload: Workload, image: string, signal: AbortSignal) => Promise<DigestAnswer>;

/** A registry that does not answer is an answer; only errors of the API server are thrown. */
export function createDigestLookup(context: DigestLookupContext): DigestLookup {
  const asked = new Map<string, Promise<(Omit<ResolvedImage, 'platforms'> & Partial<ResolvedImage>) | undefined>>();
  const ask = async (reference: ImageReference, access: RegistryAccess, signal: AbortSignal) => {
    const tag = reference.tag ?? 'latest';
    if (context.withPlatforms) {
      return await context.registry.findImage(reference, tag, access, signal);
    }
    const digest = await context.registry.findDigest(reference, tag, access, signal);
    return digest === undefined ? undefined : { digest };
  };
  return async (workload, image, signal) => {
    try {
      const reference = parseImageReference(image);
      const access = await accessFor(context, workload, reference, signal);
      const key = JSON.stringify([formatRepository(reference), reference.tag, access]);
      const answer = asked.get(key) ?? ask(reference, access, signal);
      asked.set(key, answer);
      const found = await answer;
      return judge(await context.rejections(workload.namespace, signal), context.clock.now(), image, found);
    } catch (error) {
      if (isOperationError(error) && error.code !== 'INVARIANT' && !error.code.startsWith('API_')) {
        return { kind: 'Failed', message: describeError(error) };
      }
      throw error;
    }
  };
}

async function accessFor(
  { accesses, insecureRegistries }: DigestLookupContext,
  workload: Workload,
  reference: ImageReference,
  signal: AbortSignal,
): Promise<RegistryAccess> {
  const source = {
    repositoryText: formatRepository(reference),
    repository: { registry: reference.registry, path: reference.path },
    insecure: insecureRegistries.includes(reference.registry),
    pullSecret: undefined,
    caSecret: undefined,
  };
  return await accesses.accessFor(workload.namespace, source, signal, [workload]);
}

/** Whichever App it was rejected for: this command knows no Apps, and the version was bad here. */
function judge(
  rejections: readonly Rejection[],
  now: Date,
  image: string,
  found: { readonly digest: string; readonly platforms?: ResolvedImage['platforms'] } | undefined,
): DigestAnswer {
  if (!found) {
    return { kind: 'Failed', message: `${image} is not in the registry` };
  }
  const { digest, platforms = [] } = found;
  const rejection = rejections.find(
    (one) => one.digest === digest && (one.expiresAt === undefined || one.expiresAt > now),
  );
  return rejection
    ? { kind: 'Rejected', digest, why: rejection.reason }
    : { kind: 'Found', digest, platforms: platforms.map((platform) => platform.digest) };
}
