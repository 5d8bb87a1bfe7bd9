/** Finding nodes of a YAML document by their names. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml';
import { type FieldPath, formatFieldPath, type PathStep } from '../field-path.ts';

/** What stands at a path; where there is nothing to set, why. */
export type FoundNode =
  | { readonly kind: 'Scalar'; readonly node: Scalar.Parsed }
  | { readonly kind: 'Missing'; readonly reason: string }
  /** It is there, but nothing that can be set: a map, an alias, or a key that is written twice. */
  | { readonly kind: 'Unusable'; readonly offset: number; readonly reason: string };

/** Follows a path from the root of a document. Aliases and merge keys are not followed: they stand for bytes elsewhere. */
export function findScalar(root: ParsedNode | null, path: FieldPath): FoundNode {
  let node: ParsedNode | null = root;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) {
      return aliasAt(node, formatFieldPath(path.slice(0, index)));
    }
    const way = formatFieldPath(path.slice(0, index + 1));
    const next = nextOf(node, step);
    if (next.length > 1) {
      return { kind: 'Unusable', offset: offsetOf(next[1] ?? node), reason: `${way} is there twice` };
    }
    const [only] = next;
    if (only === undefined) {
      return { kind: 'Missing', reason: `it has no ${way}` };
    }
    node = only;
  }
  return scalarOf(node, formatFieldPath(path));
}

function scalarOf(node: ParsedNode | null, way: string): FoundNode {
  if (isScalar(node)) {
    return { kind: 'Scalar', node };
  }
  if (isAlias(node)) {
    return aliasAt(node, way);
  }
  return { kind: 'Unusable', offset: offsetOf(node), reason: `${way} is no single value` };
}

function aliasAt(node: ParsedNode, way: string): FoundNode {
  return { kind: 'Unusable', offset: offsetOf(node), reason: `${way} is an alias; name the path of its anchor` };
}

function nextOf(node: ParsedNode | null, step: PathStep): readonly (ParsedNode | null)[] {
  switch (step.kind) {
    case 'Key':
      return childrenOf(node, step.key);
    case 'Index':
      return itemsOf(node).slice(step.index, step.index + 1);
    case 'Item':
      return itemsOf(node).filter((item) => textOf(item, step.key) === step.value);
  }
}

/** The values of a key; one, unless it is written twice. */
function childrenOf(node: ParsedNode | null, key: string): readonly (ParsedNode | null)[] {
  return isMap<ParsedNode, ParsedNode | null>(node)
    ? node.items.filter((pair) => isScalar(pair.key) && pair.key.value === key).map((pair) => pair.value)
    : [];
}

/** The first value of a key; undefined when there is none, or the node is no map. */
export function childOf(node: ParsedNode | null | undefined, key: string): ParsedNode | null | undefined {
  return childrenOf(node ?? null, key)[0];
}

/** The items of a list; none when the node is no list. */
export function itemsOf(node: ParsedNode | null | undefined): readonly (ParsedNode | null)[] {
  return isSeq<ParsedNode | null>(node) ? node.items : [];
}

/** The text of a value of a map; undefined when it is no scalar. */
export function textOf(node: ParsedNode | null | undefined, key: string): string | undefined {
  const child = childOf(node, key);
  return isScalar(child) && typeof child.value === 'string' ? child.value : undefined;
}

function offsetOf(node: ParsedNode | null): number {
  return node?.range[0] ?? 0;
}
