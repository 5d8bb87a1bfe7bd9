/** The namespace of a drill and what stands in it from the beginning. */
import type { Ground, GroundRequest } from '../../engine/ports/drill-ground.ts';
import type { KubeObject, NewObject, ResourceType } from '../../kube/objects.ts';
import {
  configMaps,
  daemonSets,
  deployments,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../kube/resource-types.ts';
import { claims } from './volume-objects.ts';

/** On the namespace, and on everything that is made in it or for it; its value is the name of the namespace. */
export const drillLabel = 'headgate.dev/drill';

const appAnnotation = 'headgate.dev/drill-of';
const expiryAnnotation = 'headgate.dev/expires-at';

export interface NamespaceObject extends KubeObject {
  readonly status?: { readonly phase?: string };
}

const core = { group: '', version: 'v1', namespaced: true };
export const resourceQuotas: ResourceType = { ...core, plural: 'resourcequotas', kind: 'ResourceQuota' };
export const limitRanges: ResourceType = { ...core, plural: 'limitranges', kind: 'LimitRange' };
const networkPolicies: ResourceType = {
  ...{ group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', kind: 'NetworkPolicy', namespaced: true },
};

/** Nothing else is ever made, whatever a checkpoint holds. */
const makeable = [
  ...[configMaps, daemonSets, deployments, secrets, serviceAccounts, services, statefulSets],
  ...[claims, resourceQuotas, limitRanges, networkPolicies],
];

/** The type of a kind that a drill makes; undefined for others. */
export function makeableType(kind: unknown): ResourceType | undefined {
  return makeable.find((type) => type.kind === kind);
}

/** @param labels of the App's namespace */
export function namespaceOf(
  { namespace, app, expiresAt }: GroundRequest,
  labels: Readonly<Record<string, string>>,
): NewObject<NamespaceObject> {
  return {
    metadata: {
      name: namespace,
      labels: {
        ...podSecurityOf(labels),
        'app.kubernetes.io/managed-by': 'headgate',
        [drillLabel]: namespace,
      },
      annotations: {
        [appAnnotation]: `${app.namespace}/${app.name}`,
        [expiryAnnotation]: expiresAt.toISOString(),
      },
    },
  };
}

/** @returns undefined where it is not the namespace of a drill */
export function readGround({ metadata }: NamespaceObject): Ground | undefined {
  const { name, uid, labels, annotations } = metadata;
  const [namespace = '', app] = annotations?.[appAnnotation]?.split('/') ?? [];
  const expiresAt = new Date(annotations?.[expiryAnnotation] ?? '');
  return labels?.[drillLabel] === name && app !== undefined && uid !== undefined && !Number.isNaN(expiresAt.getTime())
    ? { namespace: name, uid, app: { namespace, name: app }, expiresAt }
    : undefined;
}

const podSecurity = 'pod-security.kubernetes.io/';
const enforce = `${podSecurity}enforce`;

/** As strict as that of the App; and never so that a pod gets at the node, where it would meet those of the App. */
function podSecurityOf(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const taken = Object.entries(labels).filter(([key]) => key.startsWith(podSecurity));
  return { ...Object.fromEntries(taken), [enforce]: labels[enforce] === 'restricted' ? 'restricted' : 'baseline' };
}
