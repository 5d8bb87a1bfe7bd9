/** The values of a release, from what the App says, the documents it names, and the versions of its image sources. */
import { setImage } from '../image/reference.ts';
import { versionOfImage } from '../image/version-of-image.ts';
import type { Version } from '../update/version-change.ts';
import type { HelmDeploy, ImageValues, ValuesReference } from './helm-deploy.ts';
import { typedValue, type ValuePath, valueAt, withValueAt } from './value-path.ts';
import { isValues, mergeValues, textsOf, type Value, type Values } from './values.ts';

/** What a document holds under the key that a reference names. */
export type Document =
  | { readonly kind: 'Text'; readonly text: string }
  /** The text read as YAML. */
  | { readonly kind: 'File'; readonly value: Value }
  | { readonly kind: 'Missing'; readonly problem: string };

export interface Composed {
  readonly values: Values;
  /** Texts that came from Secrets. */
  readonly secrets: readonly string[];
  /** One sentence each, naming field, value and remedy. */
  readonly problems: readonly string[];
}

/** @param documents one for each of `valuesFrom`, in its order */
export function composeValues(deploy: HelmDeploy, documents: readonly Document[]): Composed {
  let values: Values = {};
  const secrets: string[] = [];
  const problems: string[] = [];
  for (const [index, reference] of deploy.valuesFrom.entries()) {
    const document = documents[index];
    const field = `spec.deploy.helm.valuesFrom[${index}]`;
    const laid = layOver(values, reference, document);
    if (typeof laid === 'string') {
      problems.push(`${field}: ${laid}`);
    } else {
      values = laid;
      secrets.push(...secretsOf(reference, document));
    }
  }
  return { values: mergeValues(values, deploy.values), secrets, problems };
}

function secretsOf({ kind }: ValuesReference, document: Document | undefined): readonly string[] {
  if (kind !== 'Secret' || document === undefined || document.kind === 'Missing') {
    return [];
  }
  return textsOf(document.kind === 'Text' ? document.text : document.value);
}

/** @returns what is wrong, as a sentence, where it does not work */
function layOver(values: Values, reference: ValuesReference, document: Document | undefined): Values | string {
  if (document === undefined || document.kind === 'Missing') {
    return reference.optional || document === undefined ? values : document.problem;
  }
  if (reference.target !== undefined) {
    const text = document.kind === 'Text' ? document.text : String(document.value);
    return withValueAt(values, reference.target, typedValue(text.replace(/\r?\n$/, '')));
  }
  const value = document.kind === 'File' ? document.value : null;
  if (value === null) {
    return values;
  }
  return isValues(value)
    ? mergeValues(values, value)
    : `key ${reference.key} of ${reference.kind} "${reference.name}" is no map; a values file begins with keys such as "image:"`;
}

/** The version that the values of a release carry of an image source. */
export function versionInValues(images: readonly ImageValues[], source: string, values: Values): Version | undefined {
  for (const one of images.filter((image) => image.source === source)) {
    const whole = textAt(values, one.image);
    if (whole !== undefined) {
      return versionOfImage(whole);
    }
    const tag = textAt(values, one.tag);
    const digest = textAt(values, one.digest);
    if (tag !== undefined || digest !== undefined) {
      // Charts without a value for the digest take it behind the tag.
      const [name, behind] = (tag ?? '').split('@');
      return { tag: name === '' ? undefined : name, digest: digest ?? behind };
    }
  }
  return undefined;
}

function textAt(values: Values, path: ValuePath | undefined): string | undefined {
  const value = path && valueAt(values, path);
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
}

/**
 * Sets versions into the values.
 *
 * @param repositories of the image sources as the App writes them, by name
 */
export function withImages(
  values: Values,
  images: readonly ImageValues[],
  {
    versions,
    repositories,
  }: {
    readonly versions: ReadonlyMap<string, Version>;
    readonly repositories: ReadonlyMap<string, string>;
  },
): Values {
  return images.reduce((set, one) => {
    const version = versions.get(one.source);
    const repository = repositories.get(one.source);
    return version === undefined || repository === undefined ? set : setOne(set, one, { ...version, repository });
  }, values);
}

function setOne(values: Values, paths: ImageValues, image: Version & { readonly repository: string }): Values {
  const { tag, digest, repository } = image;
  const settings: readonly (readonly [ValuePath | undefined, string | undefined])[] = [
    [paths.repository, repository],
    [paths.tag, tag],
    [paths.digest, digest],
    [
      paths.image,
      setImage(repository, {
        ...(tag === undefined ? {} : { tag }),
        ...(digest === undefined ? {} : { digest }),
      }),
    ],
  ];
  return settings.reduce(
    (set, [path, text]) => (path === undefined || text === undefined ? set : withValueAt(set, path, text)),
    values,
  );
}
