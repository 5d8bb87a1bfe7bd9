/** Policies that stand in the way of an update, as administrators of clusters have them. */
import { isOperationError } from '../src/core/errors.ts';
import type { KubeClient } from '../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../src/kube/objects.ts';
import { deployments } from '../src/kube/resource-types.ts';
import { waitUntil } from './cluster/wait-until.ts';
import { webDeployment } from './images/web-objects.ts';

const admission = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false };
const policies: ResourceType = {
  ...admission,
  plural: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
};
const bindings: ResourceType = {
  ...admission,
  plural: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
};

export interface ForbiddenImages {
  /** Part of the text of images that are refused. */
  readonly marker: string;
  readonly message: string;
  /** Only in Deployments of this name. */
  readonly deployment?: string;
}

/** Refuses Deployments of one namespace by their images; returns when the policy is in force. */
export async function refuseImages(client: KubeClient, namespace: string, forbidden: ForbiddenImages): Promise<void> {
  const { marker, message, deployment } = forbidden;
  const metadata = { name: namespace };
  const expression = `object.spec.template.spec.containers.all(c, !c.image.contains('${marker}'))`;
  const policy = {
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
        ],
      },
      ...(deployment && {
        matchConditions: [{ name: 'one', expression: `object.metadata.name in ['${deployment}', 'probe']` }],
      }),
      validations: [{ expression, message }],
    },
  };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  const binding = {
    metadata,
    spec: { policyName: namespace, validationActions: ['Deny'], matchResources: { namespaceSelector } },
  };
  await client.create<KubeObject & typeof policy>(policies, policy);
  await client.create<KubeObject & typeof binding>(bindings, binding);
  const probe = webDeployment({ name: 'probe', namespace, image: marker, replicas: 0 });
  await waitUntil('the policy is in force', 20_000, () => isRefused(client, probe));
}

async function isRefused(client: KubeClient, probe: ReturnType<typeof webDeployment>): Promise<boolean> {
  try {
    await client.create(deployments, probe, { dryRun: true });
    return false;
  } catch (error) {
    if (isOperationError(error, 'API_REJECTED')) {
      return true;
    }
    throw error;
  }
}
