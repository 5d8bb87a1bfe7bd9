/** New versions into the text of one file, at Flux's markers. */

import { findMarkedScalars } from './marked-scalars.ts';
import { type ChosenImage, type MarkerField, markedValue, markerToken } from './marker.ts';
import { type Broken, brokenAt, spliceScalars } from './splice-scalars.ts';
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
      readonly named: ReadonlySet<string>;
    }
  | Broken;

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
    return { kind: 'Written', text, changes: [], named: new Set() };
  }
  const yaml = readYamlText(text);
  if ('reason' in yaml) {
    return brokenAt(text, yaml.offset, yaml.reason);
  }
  const settings = findMarkedScalars(text, yaml).flatMap(({ scalar, marker }) => {
    const image = images.get(marker.policy);
    return image === undefined ? [] : [{ scalar, marker, value: markedValue(image, marker.field) }];
  });
  const spliced = spliceScalars(text, settings);
  if (spliced.kind === 'Broken') {
    return spliced;
  }
  const changes = spliced.changed.map(({ setting: { scalar, marker, value }, line }) => {
    return { line, policy: marker.policy, field: marker.field, old: scalar.value, new: value };
  });
  return { kind: 'Written', text: spliced.text, changes, named: new Set(settings.map((one) => one.marker.policy)) };
}

/** Cheaper than reading YAML by far, and most files of a repository have no marker. */
function mentions(text: string, images: ReadonlyMap<string, ChosenImage>): boolean {
  const names = (policy: string) => text.includes(`"${policy}"`) || text.includes(`"${policy}:`);
  return text.includes(markerToken) && [...images.keys()].some(names);
}
