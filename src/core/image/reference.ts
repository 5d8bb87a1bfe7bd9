/**
 * Names of images, by the grammar and the normalisation of github.com/distribution/reference (what docker,
 * containerd and the kubelet read): `alpine` is `docker.io/library/alpine`.
 *
 * Parsed once at the edge; inside, a name is a value of these types.
 */
import { OperationError } from '../errors.ts';

export interface Repository {
  /** Host with optional port as written, `docker.io` for Docker Hub. Not always the host to talk to: see the registry adapter. */
  readonly registry: string;
  /** Path inside the registry, e.g. `library/alpine`. */
  readonly path: string;
}

export interface ImageReference extends Repository {
  readonly tag?: string;
  /** `<algorithm>:<hex>`. */
  readonly digest?: string;
}

/** What may stand behind a repository. */
export interface TagAndDigest {
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

const defaultRegistry = 'docker.io';
const legacyDefaultRegistry = 'index.docker.io';
const officialPrefix = 'library/';
const maxPathLength = 255;
/** Longer than any valid reference: host 253 + port, path 255, tag 128, sha512 digest 135. */
const maxReferenceLength = 1_024;

const hostPattern =
  /^(?:(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])(?:\.(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9]))*|\[[a-f0-9:]+\])(?::[0-9]+)?$/i;
const pathComponentPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const identifierPattern = /^[a-f0-9]{64}$/;
const hexLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Reads an image name as a pod spec has it: `[host[:port]/]path[:tag][@digest]`.
 *
 * No tag is added where none is written; Kubernetes then means `latest`.
 *
 * @throws REFERENCE_INVALID naming the text, what is wrong with it and what would be right
 */
export function parseImageReference(text: string): ImageReference {
  const { name, tag, digest } = splitReference(text);
  return {
    ...normalise(text, name),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/**
 * Reads the name of a repository: an image name without tag, digest and scheme.
 *
 * @throws REFERENCE_INVALID
 */
export function parseRepository(text: string): Repository {
  const { name, tag, digest } = splitReference(text);
  if (tag !== undefined || digest !== undefined) {
    throw invalid(text, `a repository has no tag or digest; write ${name}`);
  }
  return normalise(text, name);
}

/** The whole name with registry, tag and digest; with `familiar` Docker Hub's names are short as docker prints them. */
export function formatImageReference(reference: ImageReference, options: { readonly familiar?: boolean } = {}): string {
  const { tag, digest } = reference;
  const repository = options.familiar ? formatFamiliar(reference) : formatRepository(reference);
  return appendTagAndDigest(repository, { tag, digest });
}

/** `<registry>/<path>`, always with the registry. */
export function formatRepository(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

/** Host names have no case (RFC 4343); paths have. */
export function sameRepository(left: Repository, right: Repository): boolean {
  return left.path === right.path && left.registry.toLowerCase() === right.registry.toLowerCase();
}

/**
 * Puts another tag and digest behind an image name. The name stays as its author spelled it (`alpine` does not become
 * `docker.io/library/alpine`), so that nothing else changes in a diff. What is not given is taken away.
 *
 * @throws REFERENCE_INVALID when the original, the tag or the digest is not valid
 */
export function setImage(original: string, { tag, digest }: TagAndDigest): string {
  const { name } = splitReference(original);
  const image = appendTagAndDigest(name, { tag, digest });
  parseImageReference(image);
  return image;
}

/** Whether the text is `<algorithm>:<hex>` with a registered algorithm and as many hex digits as it gives. */
export function isDigest(text: string): boolean {
  const [algorithm = '', hex = '', ...rest] = text.split(':');
  return rest.length === 0 && hex.length === hexLengths[algorithm] && /^[a-f0-9]+$/.test(hex);
}

/** Whether the text may stand behind the colon of an image name (OCI distribution spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

function splitReference(text: string): { readonly name: string } & TagAndDigest {
  if (text.length > maxReferenceLength) {
    throw invalid(
      `${text.slice(0, 64)}...`,
      `${text.length} characters are too many; ${maxReferenceLength} are the most`,
    );
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw invalid(text, `an image name has no scheme; write ${text.replace(/^[^:]*:\/+/, '') || 'ghcr.io/org/app'}`);
  }
  const [beforeDigest = '', digest, ...rest] = text.split('@');
  if (rest.length > 0 || (digest !== undefined && !isDigest(digest))) {
    throw invalid(text, 'what follows @ is not a digest; write sha256: and 64 lower-case hex digits');
  }
  const colon = beforeDigest.lastIndexOf(':');
  const hasTag = colon > beforeDigest.lastIndexOf('/');
  const tag = hasTag ? beforeDigest.slice(colon + 1) : undefined;
  if (tag !== undefined && !isTag(tag)) {
    throw invalid(
      text,
      `"${tag}" is not a tag; write 1 to 128 letters, digits, "_", "." or "-", not beginning with "." or "-"`,
    );
  }
  return { name: hasTag ? beforeDigest.slice(0, colon) : beforeDigest, tag, digest };
}

function normalise(text: string, name: string): Repository {
  if (identifierPattern.test(name)) {
    throw invalid(
      text,
      'a repository of 64 hex digits alone would be taken for an image id; write the registry before it',
    );
  }
  const { registry, path } = splitRegistry(name);
  if (path !== path.toLowerCase()) {
    const written = path.slice(name.endsWith(path) ? 0 : officialPrefix.length);
    throw invalid(text, `repository names have lower case only; write ${text.replace(written, written.toLowerCase())}`);
  }
  checkPath(text, path);
  if (!hostPattern.test(registry)) {
    throw invalid(text, `"${registry}" is not a registry host; write for example ghcr.io or registry.example:5000`);
  }
  return { registry, path };
}

/** What stands before the first slash is a host if it cannot be a path: it has a dot, a colon or upper case, or is `localhost`. */
function splitRegistry(name: string): Repository {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  const registry = isHost && first !== legacyDefaultRegistry ? first : defaultRegistry;
  const path = isHost ? name.slice(slash + 1) : name;
  return { registry, path: registry === defaultRegistry && !path.includes('/') ? `${officialPrefix}${path}` : path };
}

function checkPath(text: string, path: string): void {
  if (path.length > maxPathLength) {
    throw invalid(text, `the repository has ${path.length} characters; ${maxPathLength} are the most`);
  }
  if (!path.split('/').every((component) => pathComponentPattern.test(component))) {
    throw invalid(
      text,
      'each part between slashes needs lower-case letters and digits, single ".", "_" or "-" only between them; write for example ghcr.io/org/app:1.2.3',
    );
  }
}

function formatFamiliar({ registry, path }: Repository): string {
  if (registry !== defaultRegistry) {
    return `${registry}/${path}`;
  }
  const short = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  return short.includes('/') ? path : short;
}

function appendTagAndDigest(name: string, { tag, digest }: TagAndDigest): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function invalid(text: string, remedy: string): OperationError {
  return new OperationError(`read image name "${text}": ${remedy}`, {
    code: 'REFERENCE_INVALID',
    retry: 'never',
    context: { image: text },
  });
}
