/**
 * What a webhook says: that something was pushed. It is never believed further than that: it wakes a check, and the check
 * asks the registry itself. So a replayed or invented webhook can at most cost a check.
 */
import { OperationError } from '../errors.ts';
import { isDigest, isTag, parseImageReference, type TagAndDigest } from '../image/reference.ts';
import { type GitLocation, parseGitLocation } from './git-location.ts';

export interface Announcement {
  readonly images: readonly AnnouncedImage[];
  readonly repositories: readonly GitLocation[];
}

export interface AnnouncedImage {
  /** Undefined where the sender does not know under which name its registry is reached: then any registry is meant. */
  readonly registry: string | undefined;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** A webhook as it arrived, its signature already checked. */
export interface Delivery {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded JSON; undefined when there was no body. */
  readonly body: unknown;
  /** What stands before the image names of a sender that leaves its registry out; Keel's PRIVATE_REGISTRY. */
  readonly privateRegistry?: string | undefined;
}

/**
 * Reads the deliveries of one sender. `nothing`: understood, but no push (a ping, a deletion, another event).
 *
 * @throws WEBHOOK_INVALID, REFERENCE_INVALID when a field is missing or is not what it should be
 */
export type ReadDelivery = (delivery: Delivery) => Announcement | 'nothing';

/**
 * An image by its name as a pod would have it. Tag and digest given beside the name win over those in it; what is no
 * tag or no digest is left out, because nothing depends on it.
 *
 * @throws REFERENCE_INVALID
 */
export function announcedImage(name: string, beside: TagAndDigest = {}): AnnouncedImage {
  const { registry, path, ...own } = parseImageReference(name);
  return { registry, path, ...usable({ tag: beside.tag ?? own.tag, digest: beside.digest ?? own.digest }) };
}

/**
 * The same where only the path inside a registry is known.
 *
 * @throws REFERENCE_INVALID
 */
export function announcedPath(path: string, beside: TagAndDigest = {}): AnnouncedImage {
  // The name of the host is only there for the parser and does not come back.
  return { ...announcedImage(`registry.invalid/${path}`, beside), registry: undefined };
}

export function imagesOnly(images: readonly AnnouncedImage[]): Announcement {
  return { images, repositories: [] };
}

/**
 * A push to a git repository that is known by several URLs; those that are none are left out.
 *
 * @throws WEBHOOK_INVALID when none is left
 */
export function gitPush(urls: readonly (string | undefined)[]): Announcement {
  const repositories = urls.flatMap((url) => (url === undefined ? [] : (parseGitLocation(url) ?? [])));
  if (repositories.length === 0) {
    throw invalidWebhook('the URL of the git repository cannot be empty');
  }
  return { images: [], repositories };
}

/** The message is what the sender is answered, in the words of Keel where Keel has some. */
export function invalidWebhook(message: string): OperationError {
  return new OperationError(message, { code: 'WEBHOOK_INVALID', retry: 'never' });
}

function usable({ tag, digest }: TagAndDigest): { tag?: string; digest?: string } {
  return {
    ...(tag !== undefined && isTag(tag) ? { tag } : {}),
    ...(digest !== undefined && isDigest(digest) ? { digest } : {}),
  };
}
