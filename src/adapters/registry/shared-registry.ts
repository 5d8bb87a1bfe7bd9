/**
 * One plan of questions for all Apps: whoever asks the same with the same access shares the answer, and a repository is asked at the pace of
 * the App in the greatest hurry.
 */
import { formatRepository, isDigest, type Repository } from '../../core/image/reference.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { Registry, RegistryAccess, RegistryCheck, SharedRegistry } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import { type AnswerView, createKeptAnswers, type KeptAnswers, type Wish } from './kept-answers.ts';

export interface SharedRegistryOptions {
  readonly clock: Clock;
  /** Told of a repository of which something is new; whoever follows it may find more there than in the answer it had. */
  readonly onNews?: (repository: Repository) => void;
}

export interface RepositoryView {
  readonly repository: string;
  /** Milliseconds since the epoch; undefined when it has never answered. */
  readonly answeredAtMs: number | undefined;
  /** Code of the last error, if it has not answered since. */
  readonly error: string | undefined;
}

export interface ObservedSharedRegistry extends SharedRegistry {
  /** What was asked lately, one view for each repository. */
  readonly repositories: readonly RepositoryView[];
}

type Image = Awaited<ReturnType<Registry['findImage']>>;

const maxKept = 20_000;
/** Of an answer that is as good as a new one. */
const recentMs = 4_000;
/** What a digest stands for never changes. */
const forEverMs = Number.POSITIVE_INFINITY;

/** Errors go to all who waited; whoever asks again a moment later gets the same error, and no request is sent. */
export function shareRegistry(registry: Registry, options: SharedRegistryOptions): ObservedSharedRegistry {
  const kept = keepAnswers(options);
  const { listTags, findDigest, findImage } = checkWithin(registry, kept, recentMs);
  return {
    listTags,
    findDigest,
    findImage,
    within: (maxAgeMs) => checkWithin(registry, kept, maxAgeMs),
    forget(repository) {
      for (const answers of [kept.tags, kept.digests]) {
        answers.forget(`${formatRepository(repository)} `);
      }
    },
    get repositories() {
      return viewsOf([...kept.tags.entries, ...kept.digests.entries, ...kept.images.entries]);
    },
  };
}

interface Kept {
  readonly tags: KeptAnswers<readonly string[]>;
  readonly digests: KeptAnswers<string | undefined>;
  readonly images: KeptAnswers<Image>;
  readonly keyOf: (repository: Repository, tagOrDigest: string, access: RegistryAccess) => string;
}

function keepAnswers({ clock, onNews }: SharedRegistryOptions): Kept {
  const named = new Map<string, Repository>();
  const tellNews = (key: string) => {
    const repository = named.get(repositoryOf(key));
    if (repository) {
      onNews?.(repository);
    }
  };
  const keep = <T>(isSame: (left: T, right: T) => boolean): KeptAnswers<T> =>
    createKeptAnswers<T>({ nowMs: () => clock.now().getTime(), maxEntries: maxKept, isSame, onNews: tellNews });
  return {
    tags: keep<readonly string[]>(isSameList),
    digests: keep<string | undefined>((left, right) => left === right),
    images: keep<Image>((left, right) => left?.digest === right?.digest),
    keyOf: (repository, tagOrDigest, access) => {
      const name = formatRepository(repository);
      named.delete(name);
      named.set(name, repository);
      const [oldest] = named.keys();
      if (named.size > maxKept && oldest !== undefined) {
        named.delete(oldest);
      }
      return `${name} ${tagOrDigest} ${identifyAccess(access)}`;
    },
  };
}

function checkWithin(registry: Registry, { tags, digests, images, keyOf }: Kept, maxAgeMs: number): RegistryCheck {
  let oldestMs = Number.POSITIVE_INFINITY;
  // One who gives up must not end the request of the others; the registry client bounds its time.
  const shared = new AbortController().signal;
  const ask = async <T>(answers: KeptAnswers<T>, key: string, wish: Wish<T>, signal: AbortSignal): Promise<T> => {
    const { value, askedAtMs } = await answers.ask(key, wish, signal);
    oldestMs = wish.maxAgeMs === forEverMs ? oldestMs : Math.min(oldestMs, askedAtMs);
    return value;
  };
  return {
    listTags: (repository, access, signal) => {
      const load = () => registry.listTags(repository, access, shared);
      return ask(tags, keyOf(repository, '', access), { maxAgeMs, load }, signal);
    },
    findDigest: (repository, tag, access, signal) => {
      const load = () => registry.findDigest(repository, tag, access, shared);
      return ask(digests, keyOf(repository, tag, access), { maxAgeMs, load }, signal);
    },
    findImage: (repository, tagOrDigest, access, signal) => {
      const load = () => registry.findImage(repository, tagOrDigest, access, shared);
      const ageMs = isDigest(tagOrDigest) ? forEverMs : maxAgeMs;
      return ask(images, keyOf(repository, tagOrDigest, access), { maxAgeMs: ageMs, load }, signal);
    },
    get asOf() {
      return Number.isFinite(oldestMs) ? new Date(oldestMs) : undefined;
    },
  };
}

function viewsOf(entries: readonly (readonly [string, AnswerView])[]): RepositoryView[] {
  const views = new Map<string, RepositoryView>();
  for (const [key, { askedAtMs = 0, error }] of entries) {
    const repository = repositoryOf(key);
    const known = views.get(repository);
    views.set(repository, {
      repository,
      answeredAtMs: Math.max(known?.answeredAtMs ?? 0, askedAtMs) || undefined,
      error: error?.code ?? known?.error,
    });
  }
  return [...views.values()];
}

function repositoryOf(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((tag, at) => tag === right[at]);
}
