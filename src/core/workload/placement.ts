/** On which nodes the pods of a workload may run, as the scheduler reads it (node selector, required affinity, taints). */
import type { Platform } from '../image/platform.ts';

export interface Placement {
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** One of them must fit; none given: any node. */
  readonly nodeTerms: readonly NodeTerm[];
  readonly tolerations: readonly Toleration[];
}

/** All of its expressions must hold; without any it fits no node. */
export interface NodeTerm {
  readonly expressions: readonly NodeExpression[];
  /** Over `metadata.name`. */
  readonly fields: readonly NodeExpression[];
}

export interface NodeExpression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export interface Toleration {
  /** Undefined: every key. */
  readonly key: string | undefined;
  readonly operator: 'Equal' | 'Exists';
  readonly value: string;
  /** Undefined: every effect. */
  readonly effect: string | undefined;
}

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

export interface ClusterNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly platform: Platform;
}

/** Platforms of the nodes on which one of the placements allows a pod, each once. */
export function platformsOf(placements: readonly Placement[], nodes: readonly ClusterNode[]): readonly Platform[] {
  const eligible = nodes.filter((node) => placements.some((placement) => mayRunOn(placement, node)));
  return [...new Map(eligible.map(({ platform }) => [`${platform.os}/${platform.architecture}`, platform])).values()];
}

function mayRunOn(placement: Placement, node: ClusterNode): boolean {
  const { nodeSelector, nodeTerms, tolerations } = placement;
  return (
    Object.entries(nodeSelector).every(([label, value]) => node.labels[label] === value) &&
    (nodeTerms.length === 0 || nodeTerms.some((term) => termFits(term, node))) &&
    node.taints.every((taint) => isTransient(taint) || tolerations.some((one) => tolerates(one, taint)))
  );
}

function termFits({ expressions, fields }: NodeTerm, node: ClusterNode): boolean {
  return (
    expressions.length + fields.length > 0 &&
    expressions.every((expression) => holds(expression, node.labels[expression.key])) &&
    fields.every((expression) => holds(expression, expression.key === 'metadata.name' ? node.name : undefined))
  );
}

function holds({ operator, values }: NodeExpression, found: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return found !== undefined && values.includes(found);
    case 'NotIn':
      return found === undefined || !values.includes(found);
    case 'Exists':
      return found !== undefined;
    case 'DoesNotExist':
      return found === undefined;
    case 'Gt':
      return Number(found) > Number(values[0]);
    case 'Lt':
      return Number(found) < Number(values[0]);
    default:
      return false;
  }
}

/** What Kubernetes itself sets while a node is ill, and what only asks for politeness. */
function isTransient({ key, effect }: Taint): boolean {
  return key.startsWith('node.kubernetes.io/') || effect === 'PreferNoSchedule';
}

function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  return (
    (effect === undefined || effect === taint.effect) &&
    (key === undefined ? operator === 'Exists' : key === taint.key) &&
    (operator === 'Exists' || value === taint.value)
  );
}
