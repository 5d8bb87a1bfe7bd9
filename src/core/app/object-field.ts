/** A field of an object of the cluster that holds the version of a source, and how the version is written there. */

import type { FieldPath } from '../field-path.ts';
import { isDigest, setImage } from '../image/reference.ts';
import { versionOfImage } from '../image/version-of-image.ts';
import type { Version } from '../update/version-change.ts';

export interface ObjectField {
  readonly apiVersion: string;
  readonly kind: string;
  /** In the App's namespace. */
  readonly name: string;
  readonly path: FieldPath;
  /** Name of a source of the App. */
  readonly source: string;
  readonly form: ValueForm;
}

/** `Reference` is `repository:tag@digest`, the repository spelled as it stands there. */
export type ValueForm =
  | { readonly kind: 'Tag' | 'Digest' | 'Reference' }
  /** With `{tag}`, `{digest}` and `{repository}` in it. */
  | { readonly kind: 'Template'; readonly text: string };

/** `HelmRelease/web`, as people name it. */
export function describeField({ kind, name }: Pick<ObjectField, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

export interface VersionToWrite {
  readonly repository: string;
  readonly version: Version;
  /** What stands there now. */
  readonly current: string | undefined;
}

/** @returns undefined when the version has no tag or digest although the form needs it */
export function writeValue(form: ValueForm, { repository, version, current }: VersionToWrite): string | undefined {
  const { tag, digest } = version;
  switch (form.kind) {
    case 'Tag':
      return tag;
    case 'Digest':
      return digest;
    case 'Reference': {
      const parts = { ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
      return tag === undefined && digest === undefined ? undefined : setImage(nameToKeep(current) ?? repository, parts);
    }
    case 'Template':
      return fillTemplate(form.text, { tag, digest, repository });
  }
}

function nameToKeep(current: string | undefined): string | undefined {
  const { tag, digest } = current === undefined ? {} : versionOfImage(current);
  return tag === undefined && digest === undefined ? undefined : current;
}

const placeholder = /\{(tag|digest|repository)\}/g;

function fillTemplate(text: string, values: Readonly<Record<string, string | undefined>>): string | undefined {
  let isComplete = true;
  const filled = text.replaceAll(placeholder, (_, name: string) => {
    const value = values[name];
    isComplete &&= value !== undefined;
    return value ?? '';
  });
  return isComplete ? filled : undefined;
}

/** What a field of this form says of the version that it holds; both parts undefined where it says nothing. */
export function readValue(form: ValueForm, text: string | undefined): Version {
  const nothing = { tag: undefined, digest: undefined };
  if (text === undefined || text === '') {
    return nothing;
  }
  switch (form.kind) {
    case 'Tag':
      return { tag: text, digest: undefined };
    case 'Digest':
      return { tag: undefined, digest: isDigest(text) ? text : undefined };
    case 'Reference':
      return versionOfImage(text);
    case 'Template':
      return readTemplate(form.text, text);
  }
}

/** A template with one placeholder is read backwards; with several, nothing tells where one ends and the next begins. */
function readTemplate(template: string, text: string): Version {
  const [prefix = '', name, suffix = '', ...others] = template.split(placeholder);
  const held = text.slice(prefix.length, text.length - suffix.length);
  const fits = others.length === 0 && held !== '' && text === `${prefix}${held}${suffix}`;
  return {
    tag: fits && name === 'tag' ? held : undefined,
    digest: fits && name === 'digest' && isDigest(held) ? held : undefined,
  };
}

/**
 * The whole version where a field tells a part of it, or none: what stands there was written by an Update, which knows the rest.
 *
 * @param known versions of the source, the likeliest first
 */
export function completeVersion(
  {
    form,
    text,
    repository,
  }: { readonly form: ValueForm; readonly text: string | undefined; readonly repository: string },
  known: readonly Version[],
): Version {
  const read = readValue(form, text);
  if (text === undefined || (read.tag !== undefined && read.digest !== undefined)) {
    return read;
  }
  const writes = (version: Version) => writeValue(form, { repository, version, current: text }) === text;
  return known.find(writes) ?? read;
}
