/** Everything made from the kinds of the API group: their CRDs and their reference pages. */
import { dump } from 'js-yaml';
import { crdOf } from '../../src/resources/crd.ts';
import { crdName, type KindDefinition } from '../../src/resources/kind.ts';
import { kinds } from '../../src/resources/kinds.ts';
import { toStructuralSchema } from '../../src/resources/structural-schema.ts';
import { fieldRows, fieldTable } from './field-table.ts';
import { type GeneratedFile, generatedNotice } from './generated-file.ts';

const source = 'src/resources';

export function resourceFiles(): GeneratedFile[] {
  return kinds.flatMap((kind) => [
    { path: `chart/crds/${kind.plural}.yaml`, content: `# ${generatedNotice(source)}\n${yaml(crdOf(kind))}` },
    { path: `docs/reference/${kind.kind.toLowerCase()}.md`, content: page(kind) },
  ]);
}

function yaml(value: unknown): string {
  return dump(value, { lineWidth: 120, noRefs: true });
}

function page(kind: KindDefinition): string {
  const parts = [
    `<!-- ${generatedNotice(source)} -->`,
    `# ${kind.kind}`,
    `${kind.description} API version \`${kind.group}/${kind.version}\`, resource \`${crdName(kind)}\`.`,
    ...rules(kind),
    '`*` marks fields that must be given where the object around them is given.',
    '## spec',
    fieldTable(fieldRows(toStructuralSchema(kind.spec, `${kind.kind}.spec`), 'spec')),
  ];
  if (kind.status !== undefined) {
    parts.push('## status', 'Written by Headgate alone.');
    parts.push(fieldTable(fieldRows(toStructuralSchema(kind.status, `${kind.kind}.status`), 'status')));
  }
  return `${parts.join('\n\n')}\n`;
}

/** Rules on the whole object and on its spec; those of fields stand in their rows. */
function rules(kind: KindDefinition): string[] {
  const ofSpec = toStructuralSchema(kind.spec, `${kind.kind}.spec`)['x-kubernetes-validations'];
  const messages = [...(kind.validations ?? []), ...(Array.isArray(ofSpec) ? ofSpec : [])].map(
    (rule: { readonly message: string }) => `- ${rule.message}`,
  );
  return messages.length === 0 ? [] : ['The API server refuses an object unless:', messages.join('\n')];
}
