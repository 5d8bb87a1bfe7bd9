/** Other values into the places of scalars; every byte between them is copied. */
import { replaceScalar } from './replace-scalar.ts';
import type { YamlScalar } from './yaml-scalars.ts';

/** A scalar and what it shall hold. */
export interface ScalarSetting {
  readonly scalar: YamlScalar;
  readonly value: string;
}

/** What a text cannot take, and where. */
export interface Broken {
  readonly kind: 'Broken';
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

export interface Spliced<T extends ScalarSetting> {
  readonly kind: 'Spliced';
  /** The same text when nothing differs. */
  readonly text: string;
  /** Those whose scalar held something else, in the order of the text; the line is of its first character, from 1. */
  readonly changed: readonly { readonly setting: T; readonly line: number }[];
}

/**
 * Sets scalars and nothing else.
 *
 * @param settings in any order; none may lie within another
 * @returns Broken when a tag such as `!!int` forbids a text
 */
export function spliceScalars<T extends ScalarSetting>(text: string, settings: readonly T[]): Spliced<T> | Broken {
  const misfit = settings.find(({ scalar }) => !isText(scalar.tag));
  if (misfit !== undefined) {
    const reason = `a value to set has the tag ${misfit.scalar.tag}, and a version is text; take the tag away`;
    return brokenAt(text, misfit.scalar.start, reason);
  }
  const changed: { setting: T; line: number }[] = [];
  const parts: string[] = [];
  let copiedTo = 0;
  let line = 1;
  for (const setting of settings.toSorted((left, right) => left.scalar.start - right.scalar.start)) {
    const { scalar, value } = setting;
    if (value !== scalar.value) {
      const between = text.slice(copiedTo, scalar.start);
      const source = text.slice(scalar.start, scalar.end);
      line += countLines(between);
      changed.push({ setting, line });
      parts.push(between, replaceScalar(source, scalar.style, value));
      line += countLines(source);
      copiedTo = scalar.end;
    }
  }
  return { kind: 'Spliced', text: parts.join('') + text.slice(copiedTo), changed };
}

/** A fault at an offset of the text. */
export function brokenAt(text: string, offset: number, reason: string): Broken {
  return { kind: 'Broken', line: 1 + countLines(text.slice(0, offset)), reason };
}

/** Tags of an application (`!secret`) say nothing about the kind of the value. */
function isText(tag: string | undefined): boolean {
  const standardTags = 'tag:yaml.org,2002:';
  return tag === undefined || !tag.startsWith(standardTags) || tag === `${standardTags}str`;
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
