/** New versions into the text of one file, at Flux's markers. */

import { findMarkedScalars, type MarkedScalar } from './marked-scalars.ts';
import { type ChosenImage, type MarkerField, markedValue, markerToken } from './marker.ts';
import { replaceScalar } from './replace-scalar.ts';
import { readYamlText } from './yaml-scalars.ts';

export interface MarkerChange {
  /** Of the scalar's first character, from 1. */
  readonly line: number;
  /** `NAMESPACE:NAME` of the policy. */
  readonly policy: string;
  readonly field: MarkerField;
  readonly old: string;
  readonly new: string;
}

export type WrittenMarkers =
  | {
      readonly kind: 'Written';
      /** The same text when there is no change. */
      readonly text: string;
      /** In the order of the text. */
      readonly changes: readonly MarkerChange[];
      /** Policies that some marker names, whether or not its scalar had to change. */
      readonly marked: ReadonlySet<string>;
    }
  | { readonly kind: 'Broken'; readonly line: number; readonly reason: string };

/**
 * Sets each scalar behind a marker of one of these policies, as Flux's image-automation-controller does (internal/update), but
 * touches nothing besides: where Flux formats the file anew, every byte outside the changed scalars stays as it is.
 *
 * A text without a marker of these policies is not read as YAML at all, so that templates do no harm.
 *
 * @param text of one file; a byte order mark and CRLF are kept
 * @param images by policy, `NAMESPACE:NAME`
 * @returns Broken when the text has such a marker and is no YAML, or when a tag such as `!!int` forbids the new value
 */
export function setImageMarkers(text: string, images: ReadonlyMap<string, ChosenImage>): WrittenMarkers {
  if (!mentions(text, images)) {
    return { kind: 'Written', text, changes: [], marked: new Set() };
  }
  const yaml = readYamlText(text);
  if ('reason' in yaml) {
    return { kind: 'Broken', line: lineAt(text, yaml.offset), reason: yaml.reason };
  }
  const found = findMarkedScalars(text, yaml).filter(({ marker }) => images.has(marker.policy));
  const misfit = found.find(({ scalar }) => !isText(scalar.tag));
  if (misfit !== undefined) {
    const reason = `a marked value has the tag ${misfit.scalar.tag}, and an image is text; take the tag away`;
    return { kind: 'Broken', line: lineAt(text, misfit.scalar.start), reason };
  }
  return {
    kind: 'Written',
    ...replaceAll(text, found, images),
    marked: new Set(found.map((one) => one.marker.policy)),
  };
}

/** Cheaper than reading YAML by far, and most files of a repository have no marker. */
function mentions(text: string, images: ReadonlyMap<string, ChosenImage>): boolean {
  const names = (policy: string) => text.includes(`"${policy}"`) || text.includes(`"${policy}:`);
  return text.includes(markerToken) && [...images.keys()].some(names);
}

/** Tags of an application (`!secret`) say nothing about the kind of the value. */
function isText(tag: string | undefined): boolean {
  const standardTags = 'tag:yaml.org,2002:';
  return tag === undefined || !tag.startsWith(standardTags) || tag === `${standardTags}str`;
}

function replaceAll(
  text: string,
  found: readonly MarkedScalar[],
  images: ReadonlyMap<string, ChosenImage>,
): { readonly text: string; readonly changes: readonly MarkerChange[] } {
  const changes: MarkerChange[] = [];
  const parts: string[] = [];
  let copiedTo = 0;
  let line = 1;
  for (const { scalar, marker } of found) {
    const image = images.get(marker.policy);
    const value = image === undefined ? scalar.value : markedValue(image, marker.field);
    if (value !== scalar.value) {
      const between = text.slice(copiedTo, scalar.start);
      const source = text.slice(scalar.start, scalar.end);
      line += countLines(between);
      changes.push({ line, policy: marker.policy, field: marker.field, old: scalar.value, new: value });
      parts.push(between, replaceScalar(source, scalar.style, value));
      line += countLines(source);
      copiedTo = scalar.end;
    }
  }
  return { text: parts.join('') + text.slice(copiedTo), changes };
}

function lineAt(text: string, offset: number): number {
  return 1 + countLines(text.slice(0, offset));
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
