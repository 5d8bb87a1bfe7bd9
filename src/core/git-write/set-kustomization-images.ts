/** New versions into `images:` of kustomizations. */
import type { ParsedNode } from 'yaml';
import { isOperationError } from '../errors.ts';
import type { FieldPath } from '../field-path.ts';
import { formatFieldPath } from '../field-path.ts';
import { parseRepository, sameRepository } from '../image/reference.ts';
import type { ChosenImage } from './marker.ts';
import { type PathSetting, type Refusal, setPicked, unchanged, type WrittenText } from './written.ts';
import { childOf, findScalar, itemsOf, textOf } from './yaml-nodes.ts';
import { toScalar, type YamlRoot } from './yaml-scalars.ts';

const names: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization']);
const groups = ['kustomize.config.k8s.io', 'kustomize.toolkit.fluxcd.io'];

/**
 * Sets `newTag` and `digest` of the entries of `images:` whose repository is that of one of these images; `newName` decides
 * where there is one, else `name`. Only what an entry has is set: an entry with a `digest` alone keeps to digests.
 *
 * Kustomizations of kustomize (also without apiVersion and kind, when the file has its name), its Components, and those of
 * Flux, which have the same list below `spec`.
 *
 * A text that is none of these is not read as YAML, so that templates do no harm.
 *
 * @param images with the repository as name
 * @param file whose text it is; named as kustomize wants it, apiVersion and kind may be absent
 * @returns Broken when the text is no YAML, or an entry has no place for the version
 */
export function setKustomizationImages(text: string, images: readonly ChosenImage[], file: string): WrittenText {
  const hasName = names.has(file.slice(file.lastIndexOf('/') + 1));
  const isOne = hasName || groups.some((group) => text.includes(group));
  if (images.length === 0 || !isOne || !text.includes('images')) {
    return unchanged(text);
  }
  return setPicked(text, (root) => settingsOf(root, images, hasName));
}

function* settingsOf(
  root: YamlRoot,
  images: readonly ChosenImage[],
  hasName: boolean,
): Generator<PathSetting | Refusal> {
  const base = baseOf(root, hasName);
  if (base === undefined) {
    return;
  }
  const parent = base.length === 0 ? root : childOf(root, 'spec');
  for (const [index, entry] of itemsOf(childOf(parent, 'images')).entries()) {
    const place = `${base}images[${index}]`;
    const name = textOf(entry, 'newName') ?? textOf(entry, 'name');
    const image = name === undefined ? undefined : images.find((one) => isSame(one.name, name));
    if (image !== undefined) {
      yield* setEntry(entry, image, place);
    }
  }
}

/** Path to the map that has the list; undefined when the document is no kustomization. */
function baseOf(root: YamlRoot, hasName: boolean): '' | 'spec.' | undefined {
  const [group] = (textOf(root, 'apiVersion') ?? '').split('/');
  const kind = textOf(root, 'kind');
  if (kind === undefined && group === '') {
    return hasName ? '' : undefined;
  }
  if (group === 'kustomize.config.k8s.io') {
    return '';
  }
  return group === 'kustomize.toolkit.fluxcd.io' && kind === 'Kustomization' ? 'spec.' : undefined;
}

function* setEntry(entry: ParsedNode | null, image: ChosenImage, place: string): Generator<PathSetting | Refusal> {
  const parts = { newTag: image.tag, digest: image.digest ?? '' };
  let count = 0;
  for (const [key, value] of Object.entries(parts)) {
    const path: FieldPath = [{ kind: 'Key', key }];
    const found = findScalar(entry, path);
    if (found.kind === 'Scalar') {
      count += 1;
      yield { scalar: toScalar(found.node), value, path: `${place}.${formatFieldPath(path)}`, name: image.name };
    } else if (found.kind === 'Unusable') {
      yield { offset: found.offset, reason: `${place}: ${found.reason}` };
    }
  }
  const offset = entry?.range[0] ?? 0;
  const digestOnly = childOf(entry, 'newTag') === undefined;
  if (count === 0 || (digestOnly && image.digest === undefined)) {
    const wanted =
      count === 0 ? 'has neither newTag nor digest' : 'has a digest and no newTag, and this version has no digest';
    yield { offset, reason: `${place} ${wanted}; write newTag: with any value into it once` };
  }
}

function isSame(left: string, right: string): boolean {
  try {
    return sameRepository(parseRepository(left), parseRepository(right));
  } catch (error) {
    if (isOperationError(error, 'REFERENCE_INVALID')) {
      return false;
    }
    throw error;
  }
}
