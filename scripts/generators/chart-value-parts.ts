/** Pieces that several values of the chart share. */
import Type from 'typebox';

export const closed = { additionalProperties: false } as const;

export const port = { minimum: 1, maximum: 65_535 };

export function textMap(description: string) {
  return Type.Record(Type.String(), Type.String(), { description });
}
