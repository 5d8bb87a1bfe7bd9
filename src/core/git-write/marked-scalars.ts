/** Which comment is the marker of which scalar, as go-yaml and kyaml attach comments to values. */
import { type Marker, parseMarker } from './marker.ts';
import type { YamlScalar, YamlText } from './yaml-scalars.ts';

export interface MarkedScalar {
  readonly scalar: YamlScalar;
  readonly marker: Marker;
}

/**
 * Finds the scalars with a marker: behind them on the same line (in a flow collection also behind the comma; on the header of
 * a block), or else alone on the line above, when the scalar begins its line or is an item of a list. A marker above or
 * behind a key belongs to the key, and Flux does not see it either.
 */
export function findMarkedScalars(text: string, { scalars, comments }: YamlText): readonly MarkedScalar[] {
  const found: MarkedScalar[] = [];
  for (const scalar of scalars) {
    const offset = commentBehind(text, scalar) ?? commentAbove(text, scalar);
    const comment = offset === undefined ? undefined : comments.get(offset);
    const marker = comment === undefined ? undefined : parseMarker(comment);
    if (marker !== undefined) {
      found.push({ scalar, marker });
    }
  }
  return found;
}

const toCommentBehind = /[ \t]*(?:,[ \t]*)?(?=#)/y;
const toCommentOfBlock = /[|>][-+0-9]*[ \t]+(?=#)/y;

/** The offset of the `#`. A value that is not written (`tag: # ...`) has no comment: that is the one of its key. */
function commentBehind(text: string, { start, end, style }: YamlScalar): number | undefined {
  const pattern = style === 'block' ? toCommentOfBlock : toCommentBehind;
  pattern.lastIndex = style === 'block' ? start : end;
  return start < end && pattern.test(text) ? pattern.lastIndex : undefined;
}

/** The scalar as first on its line but for the dash of a list, anchors and tags. */
const beginsLine = /^[ \t]*(?:-[ \t]+)?(?:[&!]\S*[ \t]+)*$/;
const ownLine = /^[ \t]*#/;
/** A dash has no comment of its own: go-yaml gives it to what follows. */
const behindDash = /^[ \t]*-[ \t]+#/;

function commentAbove(text: string, { start, end }: YamlScalar): number | undefined {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const before = text.slice(lineStart, start);
  if (start === end || lineStart === 0 || !beginsLine.test(before)) {
    return undefined;
  }
  const above = lineBefore(text, lineStart);
  const isItem = before.trimStart().startsWith('-');
  const isMarkable = ownLine.test(above.line) || (behindDash.test(above.line) && !isItem);
  const isSecondComment = above.start > 0 && ownLine.test(lineBefore(text, above.start).line);
  return isMarkable && !isSecondComment ? above.start + above.line.indexOf('#') : undefined;
}

function lineBefore(text: string, lineStart: number): { readonly start: number; readonly line: string } {
  const start = text.lastIndexOf('\n', lineStart - 2) + 1;
  return { start, line: text.slice(start, lineStart - 1) };
}
