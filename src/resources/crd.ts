/** The CustomResourceDefinition of a kind (apiextensions.k8s.io/v1). */
import { crdName, type KindDefinition } from './kind.ts';
import { type StructuralSchema, toStructuralSchema } from './structural-schema.ts';

/** An object ready for YAML or for the API server. */
export type CustomResourceDefinition = Readonly<Record<string, unknown>>;

/**
 * Makes the CRD of one kind: one served and stored version, structural schema, printer columns, status subresource.
 *
 * Throws INVARIANT when the schemas say something that a CRD cannot say.
 */
export function crdOf(kind: KindDefinition): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: crdName(kind) },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        ...(kind.shortNames.length === 0 ? {} : { shortNames: [...kind.shortNames] }),
        categories: ['headgate'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: rootSchema(kind) },
          ...(kind.status === undefined ? {} : { subresources: { status: {} } }),
          additionalPrinterColumns: kind.printerColumns.map((column) => ({ ...column })),
        },
      ],
    },
  };
}

function rootSchema(kind: KindDefinition): StructuralSchema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: toStructuralSchema(kind.spec, `${kind.kind}.spec`),
      ...(kind.status === undefined ? {} : { status: toStructuralSchema(kind.status, `${kind.kind}.status`) }),
    },
    ...(kind.validations === undefined
      ? {}
      : { 'x-kubernetes-validations': kind.validations.map((rule) => ({ ...rule })) }),
  };
}
