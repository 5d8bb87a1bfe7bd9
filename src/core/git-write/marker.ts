/**
 * Flux's image policy markers: a comment behind a scalar that names the policy whose newest image the scalar shall hold.
 *
 *     image: ghcr.io/org/app:1.0.0 # {"$imagepolicy": "flux-system:app"}
 *     tag: 1.0.0 # {"$imagepolicy": "flux-system:app:tag"}
 *
 * Read as image-automation-controller and kyaml's fieldmeta read them.
 */

/** What a file must contain, quotes and all, before Flux looks closer at it. */
export const markerToken = '"$imagepolicy"';

/** Which part of the image the scalar holds; `image` is all of it. */
export type MarkerField = 'image' | 'name' | 'tag' | 'digest';

export interface Marker {
  /** `NAMESPACE:NAME` of the ImagePolicy. */
  readonly policy: string;
  readonly field: MarkerField;
}

/** What a policy has chosen (`status.latestRef` of an ImagePolicy). */
export interface ChosenImage {
  /** Repository as its author spelled it: `alpine` is not made `docker.io/library/alpine`. */
  readonly name: string;
  readonly tag: string;
  readonly digest?: string;
}

const fields: Readonly<Record<string, MarkerField>> = { name: 'name', tag: 'tag', digest: 'digest' };

/**
 * Reads one comment, from its `#`. The whole comment has to be one JSON object of strings: a word before or behind it makes
 * it an ordinary comment, as in Flux.
 *
 * @returns undefined when the comment is no marker, or asks for a part that there is not (`NS:POLICY:version`)
 */
export function parseMarker(comment: string): Marker | undefined {
  if (!comment.includes(markerToken)) {
    return undefined;
  }
  const entries = stringsOf(comment.replace(/^#+/, ''));
  const [namespace = '', name = '', part, ...rest] = (entries?.get('$imagepolicy') ?? '').split(':');
  const field = part === undefined ? 'image' : fields[part];
  if (namespace === '' || name === '' || field === undefined || rest.length > 0) {
    return undefined;
  }
  return { policy: `${namespace}:${name}`, field };
}

/** What a scalar with this marker has to hold; without a digest the `digest` is empty, so that no stale one stays. */
export function markedValue({ name, tag, digest }: ChosenImage, field: MarkerField): string {
  switch (field) {
    case 'image':
      return `${name}:${tag}${digest === undefined ? '' : `@${digest}`}`;
    case 'name':
      return name;
    case 'tag':
      return tag;
    case 'digest':
      return digest ?? '';
  }
}

/** The entries of a JSON object that has strings only; Go reads null as an empty one. */
function stringsOf(json: string): ReadonlyMap<string, string> | undefined {
  const value = parseJson(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return undefined;
  }
  const entries = new Map<string, string>();
  for (const [key, one] of Object.entries(value)) {
    if (typeof one !== 'string' && one !== null) {
      return undefined;
    }
    entries.set(key, one ?? '');
  }
  return entries;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
