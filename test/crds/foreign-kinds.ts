/**
 * Kinds of other products, reduced to the fields that the tests touch; names, groups, scopes, the status subresource and the types of
 * the fields are those of the published definitions:
 *
 * - HelmRelease: fluxcd/helm-controller v1.5, config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml
 * - Application: argoproj/argo-cd v3.2, manifests/crds/application-crd.yaml (it has no status subresource)
 * - Plan: rancher/system-upgrade-controller v0.17, pkg/apis/upgrade.cattle.io/v1/types.go
 */
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { waitUntil } from '../cluster/wait-until.ts';

export const helmReleases = typeOf('helm.toolkit.fluxcd.io', 'v2', 'helmreleases', 'HelmRelease');
export const applications = typeOf('argoproj.io', 'v1alpha1', 'applications', 'Application');
export const plans = typeOf('upgrade.cattle.io', 'v1', 'plans', 'Plan');

const definitions: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

const text = { type: 'string' };
const count = { type: 'integer', format: 'int64' };
const map = (properties: object, required: readonly string[] = []) => ({ type: 'object', properties, required });
const list = (items: object) => ({ type: 'array', items });

const condition = map(
  {
    type: text,
    status: { ...text, enum: ['True', 'False', 'Unknown'] },
    reason: text,
    message: text,
    lastTransitionTime: text,
  },
  ['type', 'status'],
);
const conditions = list(condition);

const source = map({ repoURL: text, chart: text, path: text, targetRevision: text }, ['repoURL']);

const schemas: ReadonlyMap<ResourceType, { readonly properties: object; readonly hasStatus: boolean }> = new Map([
  [
    helmReleases,
    {
      hasStatus: true,
      properties: {
        spec: map({
          interval: text,
          chart: map({ spec: map({ chart: text, version: { ...text, default: '*' } }, ['chart']) }),
        }),
        status: map({ observedGeneration: count, conditions }),
      },
    },
  ],
  [
    applications,
    {
      hasStatus: false,
      properties: {
        operation: map({ sync: map({ revision: text }) }),
        spec: map({
          project: text,
          source,
          sources: list(source),
          syncPolicy: map({ automated: map({ prune: { type: 'boolean' } }) }),
        }),
        status: map({
          sync: map({ status: text, revision: text, comparedTo: map({ source, sources: list(source) }) }, ['status']),
          health: map({ status: text, message: text }),
          operationState: map({
            phase: text,
            message: text,
            syncResult: map({ revision: text, source, sources: list(source) }),
          }),
        }),
      },
    },
  ],
  [
    plans,
    {
      hasStatus: true,
      properties: {
        spec: map({ channel: text, version: text, concurrency: count, upgrade: map({ image: text }, ['image']) }),
        status: map({ conditions, latestVersion: text, latestHash: text, applying: list(text) }),
      },
    },
  ],
]);

/** Makes the definitions, where they are not there yet, and waits until the kinds are served. */
export async function installForeignKinds(client: KubeClient): Promise<void> {
  for (const [type, { properties, hasStatus }] of schemas) {
    const name = `${type.plural}.${type.group}`;
    const body = definitionOf(type, properties, hasStatus);
    await client.patch<KubeObject>(definitions, { namespace: '', name }, { kind: 'apply', body }, { force: true });
  }
  await waitUntil('the kinds of other products are served', 15_000, async () => {
    const lists = [...schemas.keys()].map((type) => client.list(type, { namespace: 'default' }));
    return await Promise.all(lists).then(
      () => true,
      () => false,
    );
  });
}

function definitionOf({ group, version, plural, kind }: ResourceType, properties: object, hasStatus: boolean) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: map(properties) },
          ...(hasStatus && { subresources: { status: {} } }),
        },
      ],
    },
  };
}

function typeOf(group: string, version: string, plural: string, kind: string): ResourceType {
  return { group, version, plural, kind, namespaced: true };
}
