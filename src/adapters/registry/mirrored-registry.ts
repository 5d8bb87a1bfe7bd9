/**
 * Mirrors of registries, asked first so that the origin is asked less. A mirror can lag for ever and can be wrong, so it is never believed
 * alone: bytes are compared with their digest, and of what can change (the tags, the digest behind a tag) its answer only counts while it is
 * what the origin said last. Everything else is asked of the origin, so that a mirror can save requests and cannot cause a change.
 */
import { createHash } from 'node:crypto';
import { formatRepository, isDigest, type Repository } from '../../core/image/reference.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { Registry, RegistryAccess, ResolvedImage } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import { createMirrorRest, type MirrorProblem, type MirrorRest } from './mirror-rest.ts';
import { putBounded } from './put-bounded.ts';

/** Where a mirror has the repositories: those of the origin below a path. */
export interface MirrorEndpoint {
  /** Host with optional port. */
  readonly registry: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** Plain http. */
  readonly insecure: boolean;
}

export interface Mirroring {
  /** As images name the origin, e.g. `docker.io`. */
  readonly host: string;
  /** `Before` the origin, which has the last word; `Instead` of it, and then the mirror is the registry. */
  readonly place: 'Before' | 'Instead';
  readonly endpoint: MirrorEndpoint;
}

export interface MirrorOptions {
  readonly clock: Clock;
  /** Those of one host are asked in this order. */
  readonly mirrorings: readonly Mirroring[];
  /** For mirrors; more impatient than that for the origin, because there is another to ask. */
  readonly mirrors: Registry;
  /** Told when a mirror before its origin begins to fail, or fails in another way. */
  readonly onProblem: MirrorProblem;
}

/** So long can a mirror that stands still hide what is new. */
const confirmEveryMs = 3_600_000;
const maxConfirmed = 20_000;

/** The registry with its mirrors. Errors are those of the origin, or of the last mirror where the origin is never asked. */
export function withMirrors(origin: Registry, options: MirrorOptions): Registry {
  return options.mirrorings.length === 0 ? origin : new MirroredRegistry(origin, options);
}

interface Question<T> {
  readonly repository: Repository;
  readonly access: RegistryAccess;
  readonly signal: AbortSignal;
  /** What is asked of the repository. */
  readonly subject: string;
  /** The answer proves itself by its digest. */
  readonly isProven: boolean;
  readonly ask: (registry: Registry, repository: Repository, access: RegistryAccess) => Promise<T>;
}

class MirroredRegistry implements Registry {
  readonly #origin: Registry;
  readonly #options: MirrorOptions;
  readonly #rest: MirrorRest;
  /** Fingerprints of what origins said last. */
  readonly #confirmed = new Map<string, { readonly fingerprint: string; readonly atMs: number }>();

  constructor(origin: Registry, options: MirrorOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#rest = createMirrorRest(options.clock, options.onProblem);
  }

  listTags(repository: Repository, access: RegistryAccess, signal: AbortSignal): Promise<readonly string[]> {
    const ask: Question<readonly string[]>['ask'] = (registry, where, how) => registry.listTags(where, how, signal);
    return this.#answer({ repository, access, signal, subject: '', isProven: false, ask });
  }

  findDigest(
    repository: Repository,
    tag: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const ask: Question<string | undefined>['ask'] = (registry, where, how) =>
      registry.findDigest(where, tag, how, signal);
    return this.#answer({ repository, access, signal, subject: tag, isProven: false, ask });
  }

  /** What stands before an origin is asked by digest only, because such an answer proves itself. */
  async findImage(
    repository: Repository,
    tagOrDigest: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<ResolvedImage | undefined> {
    const byDigest = isDigest(tagOrDigest) || this.#endpoints(repository, 'Before').length === 0;
    const subject = byDigest ? tagOrDigest : await this.findDigest(repository, tagOrDigest, access, signal);
    if (subject === undefined) {
      return undefined;
    }
    const ask: Question<ResolvedImage | undefined>['ask'] = (registry, where, how) =>
      registry.findImage(where, subject, how, signal);
    return await this.#answer({ repository, access, signal, subject, isProven: isDigest(subject), ask });
  }

  async #answer<T>(question: Question<T>): Promise<T> {
    const { repository, access } = question;
    const [replacement, ...more] = this.#endpoints(repository, 'Instead');
    if (replacement !== undefined) {
      return await askReplacements(this.#options.mirrors, [replacement, ...more], question);
    }
    const mirrors = this.#endpoints(repository, 'Before');
    const known = this.#known(question);
    if (mirrors.length > 0 && (question.isProven || known !== undefined)) {
      const isRight = (answer: T) => question.isProven || fingerprintOf(answer) === known;
      const answer = await this.#askMirrors(mirrors, question, isRight);
      if (answer !== undefined) {
        return answer;
      }
    }
    const answer = await question.ask(this.#origin, repository, access);
    if (mirrors.length > 0 && !question.isProven) {
      this.#confirm(question, answer);
    }
    return answer;
  }

  /** The first answer that is right; a mirror that fails is left alone for a while, so that it delays nobody twice. */
  async #askMirrors<T>(
    mirrors: readonly MirrorEndpoint[],
    question: Question<T>,
    isRight: (answer: T) => boolean,
  ): Promise<T | undefined> {
    for (const endpoint of mirrors) {
      const answer = await this.#rest.guard(nameOf(endpoint), question.signal, () =>
        question.ask(this.#options.mirrors, repositoryAt(endpoint, question.repository), accessTo(endpoint)),
      );
      if (answer !== undefined && isRight(answer)) {
        return answer;
      }
    }
    return undefined;
  }

  #endpoints({ registry }: Repository, place: Mirroring['place']): readonly MirrorEndpoint[] {
    return this.#options.mirrorings
      .filter((one) => one.host === registry && one.place === place)
      .map(({ endpoint }) => endpoint);
  }

  #known(question: Question<unknown>): string | undefined {
    const known = this.#confirmed.get(keyOf(question));
    const isFresh = known !== undefined && this.#options.clock.now().getTime() - known.atMs < confirmEveryMs;
    return isFresh ? known.fingerprint : undefined;
  }

  #confirm(question: Question<unknown>, answer: unknown): void {
    const atMs = this.#options.clock.now().getTime();
    putBounded(this.#confirmed, keyOf(question), { fingerprint: fingerprintOf(answer), atMs }, maxConfirmed);
  }
}

/** One after the other until one has it; what is in none is not there. */
async function askReplacements<T>(
  mirrors: Registry,
  [endpoint, next, ...others]: readonly [MirrorEndpoint, ...MirrorEndpoint[]],
  question: Question<T>,
): Promise<T> {
  const asked = question.ask(mirrors, repositoryAt(endpoint, question.repository), accessTo(endpoint));
  if (next === undefined) {
    return await asked;
  }
  const answer = await asked.catch(() => undefined);
  question.signal.throwIfAborted();
  return answer === undefined ? await askReplacements(mirrors, [next, ...others], question) : answer;
}

function keyOf({ repository, subject, access }: Question<unknown>): string {
  return `${formatRepository(repository)} ${subject} ${identifyAccess(access)}`;
}

/** Registries list in any order. */
function fingerprintOf(answer: unknown): string {
  const text = Array.isArray(answer) ? answer.toSorted().join('\n') : String(answer);
  return createHash('sha256').update(text).digest('base64url');
}

export function repositoryAt({ registry, prefix }: MirrorEndpoint, { path }: Repository): Repository {
  return { registry, path: prefix === '' ? path : `${prefix}/${path}` };
}

/** Credentials of the origin are for the origin; those of the mirror come from docker's configuration. */
export function accessTo({ insecure }: MirrorEndpoint): RegistryAccess {
  return { insecure };
}

export function nameOf({ registry, prefix }: MirrorEndpoint): string {
  return prefix === '' ? registry : `${registry}/${prefix}`;
}
