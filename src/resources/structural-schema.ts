/**
 * From a TypeBox schema to what a CustomResourceDefinition accepts.
 *
 * The API server takes only "structural" schemas (Kubernetes docs, "Specifying a structural schema"): no $ref, a type at
 * every place, nothing that changes the shape inside anyOf. TypeBox writes some things another way (const, enums without
 * a type, patternProperties for maps), so they are rewritten here. A keyword that is not known is refused rather than
 * dropped: a rule that silently vanishes from the CRD would be believed in by everybody.
 */
import type { TSchema } from 'typebox';
import { invariant } from '../core/errors.ts';

/** A node of an `openAPIV3Schema`. */
export type StructuralSchema = Readonly<Record<string, unknown>>;

type Node = Readonly<Record<string, unknown>>;

/** Keywords with the same meaning on both sides. */
const sameOnBothSides = new Set([
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
  'nullable',
  'title',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]);

/**
 * The structural form of a schema. `path` (for example `App.spec`) names the place in messages.
 *
 * Throws INVARIANT when the schema says something that a CRD cannot say.
 */
export function toStructuralSchema(schema: TSchema, path: string): StructuralSchema {
  return convert(nodeOf(schema, path), path);
}

function convert(schema: Node, path: string): StructuralSchema {
  if (schema['anyOf'] !== undefined) {
    return convertUnion(schema, path);
  }
  const converted: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    Object.assign(converted, convertKeyword(keyword, value, path));
  }
  return withType(converted, path);
}

function convertKeyword(keyword: string, value: unknown, path: string): Node {
  if (sameOnBothSides.has(keyword)) {
    return { [keyword]: value };
  }
  switch (keyword) {
    case 'const':
      return { enum: [value] };
    case 'properties':
      return convertProperties(nodeOf(value, path), path);
    case 'items':
      return { items: convert(nodeOf(value, `${path}[]`), `${path}[]`) };
    case 'patternProperties':
      return { additionalProperties: convertMapValue(nodeOf(value, path), path) };
    case 'additionalProperties':
      return convertAdditionalProperties(value, path);
    default:
      invariant(false, `CRD schema of ${path}: keyword ${keyword} has no structural form`);
  }
}

/**
 * An object without properties is written without the keyword: the API server leaves an empty map out when it stores the
 * schema, and server-side apply then takes the same file, applied by somebody else, for a change of the whole list.
 */
function convertProperties(properties: Node, path: string): Node {
  const converted = Object.entries(properties).map(([name, value]) => {
    const place = `${path}.${name}`;
    return [name, convert(nodeOf(value, place), place)] as const;
  });
  return converted.length === 0 ? {} : { properties: Object.fromEntries(converted) };
}

/** A map is a Record in TypeBox; keys cannot be restricted in a CRD but by CEL. */
function convertMapValue(patterns: Node, path: string): StructuralSchema {
  const [pattern, ...others] = Object.entries(patterns);
  invariant(
    pattern !== undefined && others.length === 0 && (pattern[0] === '^.*$' || pattern[0] === '^(.*)$'),
    `CRD schema of ${path}: only maps with free string keys have a structural form`,
  );
  return convert(nodeOf(pattern[1], `${path}.*`), `${path}.*`);
}

/** The API server prunes unknown fields itself and forbids `additionalProperties: false` beside properties. */
function convertAdditionalProperties(value: unknown, path: string): Node {
  return value === false ? {} : { additionalProperties: convert(nodeOf(value, `${path}.*`), `${path}.*`) };
}

function convertUnion(schema: Node, path: string): StructuralSchema {
  const { anyOf, ...rest } = schema;
  invariant(Array.isArray(anyOf), `CRD schema of ${path}: anyOf is not a list`);
  const all = anyOf.map((branch: unknown) => nodeOf(branch, path));
  const branches = all.filter((branch) => branch['type'] !== 'null');
  const nullable = branches.length < all.length ? { nullable: true } : {};
  const [only, ...others] = branches;
  if (only !== undefined && others.length === 0) {
    return { ...convert({ ...only, ...rest }, path), ...nullable };
  }
  if (branches.every((branch) => branch['const'] !== undefined)) {
    return { ...convert({ ...rest, enum: branches.map((branch) => branch['const']) }, path), ...nullable };
  }
  const types = branches.map((branch) => branch['type']).sort();
  invariant(
    types.length === 2 && types[0] === 'integer' && types[1] === 'string',
    `CRD schema of ${path}: a union has a structural form only for literals, null, or integer and string; use optional sibling fields and a CEL rule`,
  );
  return { ...convert({ ...rest, 'x-kubernetes-int-or-string': true }, path), ...nullable };
}

function withType(schema: Node, path: string): StructuralSchema {
  if (schema['type'] !== undefined) {
    invariant(typeof schema['type'] === 'string', `CRD schema of ${path}: a list of types has no structural form`);
    return schema;
  }
  if (schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true) {
    return schema;
  }
  if (Array.isArray(schema['enum'])) {
    return { type: typeOfValues(schema['enum'], path), ...schema };
  }
  return { ...schema, 'x-kubernetes-preserve-unknown-fields': true };
}

function typeOfValues(values: readonly unknown[], path: string): string {
  const types = new Set(values.map((value) => (Number.isInteger(value) ? 'integer' : typeof value)));
  const [type] = types;
  invariant(
    types.size === 1 && type !== undefined && ['boolean', 'integer', 'number', 'string'].includes(type),
    `CRD schema of ${path}: the values of an enum must be of one simple type`,
  );
  return type;
}

function nodeOf(value: unknown, path: string): Node {
  invariant(isNode(value), `CRD schema of ${path}: not a schema object`);
  return value;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
