/** What a writer did to a text. */
import type { MarkerField } from './marker.ts';
import type { Broken, ScalarSetting } from './splice-scalars.ts';
import { brokenAt, spliceScalars } from './splice-scalars.ts';
import { pickFromYaml, type YamlRoot } from './yaml-scalars.ts';

export interface ScalarChange {
  /** Of the scalar's first character, from 1. */
  readonly line: number;
  readonly old: string;
  readonly new: string;
  /** Where it stands in its document; absent for markers, which are found by their comments. */
  readonly path?: string;
  /** `NAMESPACE:NAME` of the policy that the marker names, and the part it asks for. */
  readonly policy?: string;
  readonly field?: MarkerField;
}

export interface Written {
  readonly kind: 'Written';
  /** The same text when there is no change. */
  readonly text: string;
  /** In the order of the text. */
  readonly changes: readonly ScalarChange[];
  /** Of what was to be set, that for which there is a place, whether or not its scalar had to change. */
  readonly named: ReadonlySet<string>;
}

export type WrittenText = Written | Broken;

export interface PathSetting extends ScalarSetting {
  readonly path: string;
  /** What is set: an image, a chart, a path. */
  readonly name: string;
}

/** A place that should be set, and cannot. */
export interface Refusal {
  readonly offset: number;
  readonly reason: string;
}

export function unchanged(text: string): Written {
  return { kind: 'Written', text, changes: [], named: new Set() };
}

/** Sets what `pick` finds in each document of a text. */
export function setPicked(text: string, pick: (root: YamlRoot) => Iterable<PathSetting | Refusal>): WrittenText {
  const picked = pickFromYaml(text, pick);
  if ('reason' in picked) {
    return brokenAt(text, picked.offset, picked.reason);
  }
  const settings: PathSetting[] = [];
  for (const one of picked.found) {
    if ('reason' in one) {
      return brokenAt(text, one.offset, one.reason);
    }
    settings.push(one);
  }
  const spliced = spliceScalars(text, settings);
  if (spliced.kind === 'Broken') {
    return spliced;
  }
  const changes = spliced.changed.map(({ setting: { scalar, value, path }, line }) => {
    return { line, path, old: scalar.value, new: value };
  });
  return { kind: 'Written', text: spliced.text, changes, named: new Set(settings.map((one) => one.name)) };
}
