/** New values into a YAML file by path: values files of Helm charts, or any other. */
import { type FieldPath, formatFieldPath } from '../field-path.ts';
import { brokenAt } from './splice-scalars.ts';
import { setPicked, type WrittenText } from './written.ts';
import { findScalar } from './yaml-nodes.ts';
import { toScalar } from './yaml-scalars.ts';

export interface PathValue {
  readonly path: FieldPath;
  readonly value: string;
}

/**
 * Sets the scalar at each path. It has to be there, in one document of the file: a path that leads nowhere is a mistake of
 * whoever wrote it, and nothing is ever added.
 *
 * @returns Broken when the text is no YAML, or a path leads to no scalar, to one that an alias stands for, or to two
 */
export function setValues(text: string, settings: readonly PathValue[]): WrittenText {
  const missing = new Map<string, string>();
  const seen = new Set<string>();
  const written = setPicked(text, function* (root) {
    for (const { path, value } of settings) {
      const name = formatFieldPath(path);
      const found = findScalar(root, path);
      if (found.kind === 'Missing') {
        missing.set(name, found.reason);
      } else if (found.kind === 'Unusable') {
        yield found;
      } else if (seen.has(name)) {
        yield { offset: found.node.range[0], reason: `${name} is in two documents of the file` };
      } else {
        seen.add(name);
        yield { scalar: toScalar(found.node), value, path: name, name };
      }
    }
  });
  if (written.kind === 'Broken') {
    return written;
  }
  for (const [name, reason] of missing) {
    if (!seen.has(name)) {
      return brokenAt(text, 0, reason);
    }
  }
  return written;
}
