/** Everything that is to be set in the files of one work tree, and how it is set in one of them. */
import type { FieldPath } from '../field-path.ts';
import { formatFieldPath } from '../field-path.ts';
import { type ChosenImage, markerToken } from './marker.ts';
import { type ChosenChart, setChartVersions } from './set-chart-versions.ts';
import { setImageMarkers } from './set-image-markers.ts';
import { setKustomizationImages } from './set-kustomization-images.ts';
import { setValues } from './set-values.ts';
import { type ScalarChange, unchanged, type WrittenText } from './written.ts';

export interface FileValue {
  /** Relative to the work tree, with slashes. */
  readonly file: string;
  readonly path: FieldPath;
  readonly value: string;
}

export interface Writing {
  /** What markers of a policy shall hold, by `NAMESPACE:POLICY`. */
  readonly markers: ReadonlyMap<string, ChosenImage>;
  /** For `images:` of kustomizations, by repository. */
  readonly images: readonly ChosenImage[];
  readonly charts: readonly ChosenChart[];
  readonly values: readonly FileValue[];
}

/** What a file must contain one of, or else it is not looked at; files of `values` are, whatever they contain. */
export function tokensOf({ markers, images, charts }: Writing): readonly string[] {
  return [
    ...(markers.size > 0 ? [markerToken] : []),
    ...(images.length > 0 ? ['images'] : []),
    ...charts.map((chart) => chart.name),
  ];
}

/**
 * Sets in one text whatever it has a place for, each writer after the other.
 *
 * @param file relative to the work tree
 * @returns with `named`: what of `namesOf` has a place here; Broken when any writer cannot do its part
 */
export function writeText(file: string, text: string, writing: Writing): WrittenText {
  const values = writing.values.filter((one) => one.file === file);
  const writers: readonly { readonly prefix: string; readonly write: (text: string) => WrittenText }[] = [
    { prefix: '', write: (now) => setImageMarkers(now, writing.markers) },
    { prefix: 'image ', write: (now) => setKustomizationImages(now, writing.images, file) },
    { prefix: 'chart ', write: (now) => setChartVersions(now, writing.charts, file) },
    { prefix: `value ${file}:`, write: (now) => (values.length === 0 ? unchanged(now) : setValues(now, values)) },
  ];
  const changes: ScalarChange[] = [];
  const named = new Set<string>();
  let now = text;
  for (const { prefix, write } of writers) {
    const written = write(now);
    if (written.kind === 'Broken') {
      return written;
    }
    now = written.text;
    changes.push(...written.changes);
    for (const name of written.named) {
      named.add(`${prefix}${name}`);
    }
  }
  return { kind: 'Written', text: now, changes: changes.toSorted((left, right) => left.line - right.line), named };
}

/** Everything that is to have a place somewhere, as `named` has it. */
export function namesOf({ markers, images, charts, values }: Writing): readonly string[] {
  return [
    ...markers.keys(),
    ...images.map((image) => `image ${image.name}`),
    ...charts.map((chart) => `chart ${chart.name}`),
    ...values.map(({ file, path }) => `value ${file}:${formatFieldPath(path)}`),
  ];
}
