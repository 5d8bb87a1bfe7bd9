/** Pieces that several values of the chart share. */
import Type from 'typebox';

export const closed = { additionalProperties: false } as const;

export const port = { minimum: 1, maximum: 65_535 };

export function textMap(description: string) {
  return Type.Record(Type.String(), Type.String(), { description });
}

/** A field that a pod or another object of Kubernetes has, and which its API checks. */
export function podField(description: string) {
  return Type.Record(Type.String(), Type.Unknown(), { description: `${description}, as Kubernetes has it.` });
}

export const objectName = Type.String({ pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', maxLength: 63 });
