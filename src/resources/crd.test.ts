import { expect, test } from 'vitest';
import { crdOf } from './crd.ts';
import { kinds } from './kinds.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { toStructuralSchema } from './structural-schema.ts';

test.each(kinds)('$kind has a CRD with its names and a status subresource where it has a status', (kind) => {
  const crd = crdOf(kind);

  expect(crd).toMatchObject({
    metadata: { name: `${kind.plural}.headgate.dev` },
    spec: {
      scope: 'Namespaced',
      names: { kind: kind.kind, categories: ['headgate'] },
      versions: [{ name: 'v1alpha1', served: true, storage: true }],
    },
  });
  expect(JSON.stringify(crd).includes('"subresources":{"status":{}}')).toBe(kind.status !== undefined);
});

test.each(kinds)('every field of $kind says what it is for', (kind) => {
  const schemas = { spec: kind.spec, ...(kind.status === undefined ? {} : { status: kind.status }) };

  const silent = Object.entries(schemas).flatMap(([part, schema]) =>
    fieldsWithoutDescription(toStructuralSchema(schema, kind.kind), part),
  );

  expect(silent).toEqual([]);
});

/** Paths of the properties below a node that have no description; items of lists may go without one. */
function fieldsWithoutDescription(node: StructuralSchema, path: string): string[] {
  const properties = Object.entries(recordOf(node['properties']));
  const below = properties.flatMap(([name, child]) => fieldsWithoutDescription(recordOf(child), `${path}.${name}`));
  const here = properties
    .filter(([, child]) => typeof recordOf(child)['description'] !== 'string')
    .map(([name]) => `${path}.${name}`);
  return [...here, ...below, ...fieldsOfItems(node, path)];
}

function fieldsOfItems(node: StructuralSchema, path: string): string[] {
  return node['items'] === undefined ? [] : fieldsWithoutDescription(recordOf(node['items']), `${path}[]`);
}

function recordOf(value: unknown): StructuralSchema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
