import { formatRepository, type Repository } from '../../core/image/reference.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { Registry, RegistryAccess } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import { createSharedLoads } from './shared-loads.ts';

export interface CoalesceOptions {
  readonly clock: Clock;
  /** How long an answer is good for others who ask the same. Shorter than the shortest interval of an App. */
  readonly maxAgeMs: number;
}

export interface CoalescedRegistry extends Registry {
  /** What is asked of the repository from now on is not answered from before. */
  forget(repository: Repository): void;
}

const maxKept = 1_000;

/**
 * A registry to which many Apps on one repository are one: equal questions with the same access join the request under way or get an
 * answer of at most `maxAgeMs`. Errors go to all who waited and are not kept.
 */
export function coalesceReads(registry: Registry, { clock, maxAgeMs }: CoalesceOptions): CoalescedRegistry {
  const nowMs = () => clock.now().getTime();
  const share = <T>() => {
    const loads = createSharedLoads<T>({ nowMs, maxEntries: maxKept });
    const ask = (key: string, read: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> => {
      // One who gives up must not end the request of the others; the registry client bounds its time.
      const shared = new AbortController().signal;
      const load = async () => ({ value: await read(shared), expiresAtMs: nowMs() + maxAgeMs });
      return loads.get(key, load, signal);
    };
    return { ask, forgetAll: loads.forgetAll };
  };
  const tags = share<readonly string[]>();
  const digests = share<string | undefined>();
  const images = share<Awaited<ReturnType<Registry['findImage']>>>();

  return {
    listTags: (repository, access, signal) =>
      tags.ask(keyOf(repository, '', access), (shared) => registry.listTags(repository, access, shared), signal),
    findDigest: (repository, tag, access, signal) =>
      digests.ask(
        keyOf(repository, tag, access),
        (shared) => registry.findDigest(repository, tag, access, shared),
        signal,
      ),
    findImage: (repository, tagOrDigest, access, signal) =>
      images.ask(
        keyOf(repository, tagOrDigest, access),
        (shared) => registry.findImage(repository, tagOrDigest, access, shared),
        signal,
      ),
    forget: (repository) => {
      for (const answers of [tags, digests, images]) {
        answers.forgetAll(`${formatRepository(repository)} `);
      }
    },
  };
}

function keyOf(repository: Repository, tagOrDigest: string, access: RegistryAccess): string {
  return `${formatRepository(repository)} ${tagOrDigest} ${identifyAccess(access)}`;
}
