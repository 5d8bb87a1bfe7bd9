/** On which nodes the pods of a template may run: wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import type { NodeExpression, Placement, Toleration } from '../../core/workload/placement.ts';

const Expressions = Type.Optional(
  Type.Array(
    Type.Object({ key: Type.String(), operator: Type.String(), values: Type.Optional(Type.Array(Type.String())) }),
  ),
);

/** Part of a pod's spec. */
export const placementFields = {
  nodeSelector: Type.Optional(Type.Record(Type.String(), Type.String())),
  affinity: Type.Optional(
    Type.Object({
      nodeAffinity: Type.Optional(
        Type.Object({
          requiredDuringSchedulingIgnoredDuringExecution: Type.Optional(
            Type.Object({
              nodeSelectorTerms: Type.Array(Type.Object({ matchExpressions: Expressions, matchFields: Expressions })),
            }),
          ),
        }),
      ),
    }),
  ),
  tolerations: Type.Optional(
    Type.Array(
      Type.Object({
        key: Type.Optional(Type.String()),
        operator: Type.Optional(Type.String()),
        value: Type.Optional(Type.String()),
        effect: Type.Optional(Type.String()),
      }),
    ),
  ),
};

const Fields = Type.Object(placementFields);

/** Undefined where nothing is said of nodes. */
export function decodePlacement(spec: Static<typeof Fields>): Placement | undefined {
  const { nodeSelector = {}, affinity, tolerations = [] } = spec;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (Object.keys(nodeSelector).length + terms.length + tolerations.length === 0) {
    return undefined;
  }
  return {
    nodeSelector,
    nodeTerms: terms.map(({ matchExpressions, matchFields }) => ({
      expressions: decodeExpressions(matchExpressions),
      fields: decodeExpressions(matchFields),
    })),
    tolerations: tolerations.map(decodeToleration),
  };
}

function decodeExpressions(wire: Static<typeof Expressions> | undefined): readonly NodeExpression[] {
  return (wire ?? []).map(({ key, operator, values = [] }) => ({ key, operator, values }));
}

/** An empty key means every key, an empty effect every effect. */
function decodeToleration(wire: NonNullable<Static<typeof Fields>['tolerations']>[number]): Toleration {
  const { key = '', operator, value = '', effect = '' } = wire;
  return {
    key: key === '' ? undefined : key,
    operator: operator === 'Exists' ? 'Exists' : 'Equal',
    value,
    effect: effect === '' ? undefined : effect,
  };
}
