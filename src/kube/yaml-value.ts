/** One YAML or JSON document as plain data, with the meaning that Kubernetes and Helm give it. */
import { load, YAMLException } from 'js-yaml';
import { kubernetesYamlSchema } from './yaml-schema.ts';

export type YamlValue =
  | { readonly kind: 'Value'; readonly value: unknown }
  | { readonly kind: 'Problem'; readonly problem: string };

const maxLength = 4 * 1024 * 1024;
const deepestNesting = 200;
const mostAliases = 1_000;
/** Counted with every alias followed, so that few characters cannot mean very much. */
const mostNodes = 200_000;

/** An empty text is null. */
export function parseYamlValue(text: string): YamlValue {
  if (text.length > maxLength) {
    return { kind: 'Problem', problem: `longer than ${maxLength / 1024} KiB` };
  }
  try {
    const options = { schema: kubernetesYamlSchema(), json: true, maxDepth: deepestNesting, maxAliases: mostAliases };
    const value = text.trim() === '' ? null : (load(text, options) ?? null);
    return countNodes(value, { left: mostNodes }, 0)
      ? { kind: 'Value', value }
      : {
          kind: 'Problem',
          problem: `more than ${mostNodes} values or ${deepestNesting} levels, with its aliases followed`,
        };
  } catch (error) {
    if (error instanceof YAMLException) {
      return { kind: 'Problem', problem: `line ${(error.mark?.line ?? 0) + 1}: ${error.reason}` };
    }
    throw error;
  }
}

/** A value that contains itself through an alias ends at the depth. */
function countNodes(value: unknown, budget: { left: number }, depth: number): boolean {
  budget.left -= 1;
  if (budget.left < 0 || depth > deepestNesting) {
    return false;
  }
  const isInner = typeof value === 'object' && value !== null;
  return !isInner || Object.values(value).every((one) => countNodes(one, budget, depth + 1));
}
