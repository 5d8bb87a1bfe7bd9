/** Sets images in objects, wherever a pod's containers stand in them, as `images` of a kustomization does. */
import { OperationError } from '../errors.ts';
import { type Fields, isFields } from '../health/objects/fields.ts';
import {
  parseImageReference,
  type Repository,
  sameRepository,
  setImage,
  type TagAndDigest,
} from '../image/reference.ts';

/** Which repository gets which version. */
export interface ImageVersion extends TagAndDigest {
  readonly repository: Repository;
}

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'];
/** Deeper than any pod template stands in a custom resource. */
const deepest = 64;

/** The object with the images of the given repositories set; the very same object where there is none of them. */
export function setPodImages(object: Fields, versions: readonly ImageVersion[]): Fields {
  if (versions.length === 0) {
    return object;
  }
  const changed = visit(object, versions, 0);
  return isFields(changed) ? changed : object;
}

function visit(value: unknown, versions: readonly ImageVersion[], depth: number): unknown {
  if (depth > deepest) {
    return value;
  }
  if (Array.isArray(value)) {
    return mapItems(value, (item) => visit(item, versions, depth + 1));
  }
  if (!isFields(value)) {
    return value;
  }
  let changed: Record<string, unknown> | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const isContainers = containerLists.includes(name) && Array.isArray(inner);
    const visited = visit(
      isContainers ? mapItems(inner, (item) => setOne(item, versions)) : inner,
      versions,
      depth + 1,
    );
    if (visited !== inner) {
      changed ??= { ...value };
      changed[name] = visited;
    }
  }
  return changed ?? value;
}

function mapItems(items: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const changed = items.map(change);
  return changed.some((item, index) => item !== items[index]) ? changed : items;
}

function setOne(container: unknown, versions: readonly ImageVersion[]): unknown {
  if (!isFields(container) || typeof container['image'] !== 'string') {
    return container;
  }
  const { image } = container;
  const version = versions.find(({ repository }) => isOf(image, repository));
  if (version === undefined) {
    return container;
  }
  const next = setImage(image, { tag: version.tag, digest: version.digest });
  return next === image ? container : { ...container, image: next };
}

/** What cannot be read as an image name is left for the API server, or whoever fills it in, to judge. */
function isOf(image: string, repository: Repository): boolean {
  try {
    return sameRepository(parseImageReference(image), repository);
  } catch (error) {
    if (error instanceof OperationError && error.code === 'REFERENCE_INVALID') {
      return false;
    }
    throw error;
  }
}
