/**
 * Charts, artifacts and signatures by way of mirrors. What is asked by digest proves itself, so that a mirror is asked first for it. What can
 * change (a tag, the list of what refers to a digest) is asked of the origin, because a mirror that lags behind would hide a signature or show
 * an old one. A substitute is asked for all of it: then it is the registry.
 */
import { isOperationError } from '../../core/errors.ts';
import { isDigest } from '../../core/image/reference.ts';
import type { ArtifactPlace, ArtifactRegistry } from '../../engine/ports/artifacts.ts';
import type { AttachmentStore } from '../../engine/ports/attachments.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import { createMirrorRest, type MirrorProblem, type MirrorRest } from './mirror-rest.ts';
import { accessTo, type MirrorEndpoint, type Mirroring, nameOf, repositoryAt } from './mirrored-registry.ts';

export type RegistryContent = ArtifactRegistry & AttachmentStore;

export interface MirroredContentOptions {
  readonly clock: Clock;
  readonly mirrorings: readonly Mirroring[];
  readonly mirrors: RegistryContent;
  readonly onProblem: MirrorProblem;
}

/** Errors are those of the origin, or of the last substitute where the origin is never asked. */
export function withMirroredContent(origin: RegistryContent, options: MirroredContentOptions): RegistryContent {
  if (options.mirrorings.length === 0) {
    return origin;
  }
  const router: Router = { origin, options, rest: createMirrorRest(options.clock, options.onProblem) };
  return {
    findArtifact: (place, reference, signal) =>
      ask(router, { place, isProven: isDigest(reference), signal }, (registry, where) =>
        registry.findArtifact(where, reference, signal),
      ),
    fetchBlob: (place, blob, signal) =>
      ask(router, { place, isProven: true, signal }, (registry, where) => registry.fetchBlob(where, blob, signal)),
    readManifest: (place, reference, signal) =>
      ask(router, { place, isProven: isDigest(reference), signal }, (registry, where) =>
        registry.readManifest(where, reference, signal),
      ),
    readBlob: (place, blob, signal) =>
      ask(router, { place, isProven: true, signal }, (registry, where) => registry.readBlob(where, blob, signal)),
    listReferrers: (place, digest, signal) =>
      ask(router, { place, isProven: false, signal }, (registry, where) =>
        registry.listReferrers(where, digest, signal),
      ),
  };
}

interface Router {
  readonly origin: RegistryContent;
  readonly options: MirroredContentOptions;
  readonly rest: MirrorRest;
}

interface Question {
  readonly place: ArtifactPlace;
  /** The answer is compared with a digest that was asked for. */
  readonly isProven: boolean;
  readonly signal: AbortSignal;
}

type Ask<T> = (registry: RegistryContent, place: ArtifactPlace) => Promise<T>;

/** What is an answer although there is nothing (undefined) is one of the origin, or of the last substitute. */
async function ask<T>(router: Router, question: Question, how: Ask<T>): Promise<T> {
  const { place } = question;
  const [substitute, ...more] = endpoints(router, place, 'Instead');
  if (substitute !== undefined) {
    return await askSubstitutes(router, [substitute, ...more], question, how);
  }
  const mirrors = question.isProven ? endpoints(router, place, 'Before') : [];
  for (const endpoint of mirrors) {
    const answer = await router.rest.guard(nameOf(endpoint), question.signal, () =>
      how(router.options.mirrors, placeAt(endpoint, place)),
    );
    if (answer !== undefined) {
      return answer;
    }
  }
  return await how(router.origin, place);
}

/** One after the other until one has it. */
async function askSubstitutes<T>(
  router: Router,
  [endpoint, next, ...others]: readonly [MirrorEndpoint, ...MirrorEndpoint[]],
  question: Question,
  how: Ask<T>,
): Promise<T> {
  const asked = how(router.options.mirrors, placeAt(endpoint, question.place));
  if (next === undefined) {
    return await asked;
  }
  const answer = await asked.catch((error: unknown) => {
    question.signal.throwIfAborted();
    if (!isOperationError(error)) {
      throw error;
    }
    return undefined;
  });
  return answer ?? (await askSubstitutes(router, [next, ...others], question, how));
}

function endpoints({ options }: Router, { repository }: ArtifactPlace, place: Mirroring['place']) {
  return options.mirrorings
    .filter((one) => one.host === repository.registry && one.place === place)
    .map(({ endpoint }) => endpoint);
}

/** Credentials of the origin are for the origin. */
function placeAt(endpoint: MirrorEndpoint, { repository }: ArtifactPlace): ArtifactPlace {
  return { repository: repositoryAt(endpoint, repository), access: accessTo(endpoint) };
}
