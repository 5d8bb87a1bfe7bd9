import { compileGlob } from './glob.ts';
import { compilePattern } from './pattern.ts';
import type { ImagePolicy } from './policy.ts';
import { rangeOf } from './semver-policy.ts';

/**
 * Reads the text of a Flux v1 annotation `fluxcd.io/tag.CONTAINER` or `filter.fluxcd.io/CONTAINER`: `semver:RANGE`, `regexp:` or
 * `regex:` PATTERN, `glob:PATTERN`, and a glob where none of these stands in front (flux `pkg/policy/pattern.go`).
 *
 * Flux v1 orders what matches a glob or an expression by the time the image was made, for which each image must be
 * asked; here they are in natural order. A pattern that cannot be read matches everything there and is refused here.
 *
 * @throws POLICY_INVALID naming the field
 */
export function parseFluxV1Pattern(text: string, field: string): ImagePolicy {
  const [, kind = 'glob', pattern = ''] = /^(?:(semver|regexp|regex|glob):)?(.*)$/s.exec(text) ?? [];
  switch (kind) {
    case 'semver':
      rangeOf(pattern, field);
      return { kind: 'semver', range: pattern };
    case 'regexp':
    case 'regex':
      compilePattern(pattern, field);
      return { kind: 'regexp', pattern };
    default:
      compileGlob(pattern, field, '*');
      return { kind: 'glob', pattern };
  }
}
