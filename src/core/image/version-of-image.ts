import type { Version } from '../update/version-change.ts';
import { parseImageReference } from './reference.ts';

/** Tag and digest in an image's text; both undefined where the text is no reference. */
export function versionOfImage(image: string): Version {
  try {
    const { tag, digest } = parseImageReference(image);
    return { tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
  } catch {
    return { tag: undefined, digest: undefined };
  }
}
