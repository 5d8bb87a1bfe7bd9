import { load } from 'js-yaml';
import { OperationError } from '../../core/errors.ts';
import { isFields } from '../../core/health/objects/fields.ts';
import type { SourceFile } from '../../engine/ports/source-tree.ts';
import { kubernetesYamlSchema } from '../../kube/yaml-schema.ts';

const largestBytes = 2 ** 20;
const deepest = 50;

/** The fields of a kustomization. @throws MANIFEST_INVALID when it is no YAML, no map, or larger than 1 MiB */
export function parse({ path, content }: SourceFile): Readonly<Record<string, unknown>> {
  const invalid = (what: string, cause?: unknown) =>
    new OperationError(`read ${path}: ${what}`, {
      code: 'MANIFEST_INVALID',
      retry: 'never',
      context: { file: path },
      cause,
    });
  if (content.length > largestBytes) {
    throw invalid(`${content.length} bytes, of ${largestBytes} at most`);
  }
  let value: unknown;
  try {
    value = load(content.toString('utf8'), { schema: kubernetesYamlSchema(), json: true, maxDepth: deepest });
  } catch (error) {
    throw invalid(`no YAML: ${error instanceof Error ? error.message.split('\n')[0] : 'unreadable'}`, error);
  }
  if (!isFields(value)) {
    throw invalid('no kustomization: it is no map');
  }
  return value;
}
