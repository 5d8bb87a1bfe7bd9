/** How a kind of the product's API group is declared: once, and everything else (CRD, reference page) is made from it. */
import type { TSchema } from 'typebox';

/** A column of `kubectl get`; the path is that of the API server's restricted JSONPath, for example `.status.phase`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** Above 0 it is shown only with `-o wide`. */
  readonly priority?: number;
}

/** A CEL rule on the whole object; rules on fields stand in the schemas as `x-kubernetes-validations`. */
export interface Validation {
  readonly rule: string;
  readonly message: string;
}

export interface KindDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: TSchema;
  /** With a status there is a status subresource, and the spec's writers cannot touch it. */
  readonly status?: TSchema;
  readonly printerColumns: readonly PrinterColumn[];
  readonly validations?: readonly Validation[];
}

/** `apps.headgate.dev`: the CRD's name, and what RBAC rules and error messages call the resource. */
export function crdName(kind: KindDefinition): string {
  return `${kind.plural}.${kind.group}`;
}
