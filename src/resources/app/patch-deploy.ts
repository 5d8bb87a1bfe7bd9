/** `spec.deploy.patch` of an App: wire form and decoding; and what its Updates record. */
import Type, { type Static } from 'typebox';
import type { PatchDeploy } from '../../core/app/app.ts';
import type { ObjectField, ValueForm } from '../../core/app/object-field.ts';
import { parseFieldPath } from '../../core/field-path.ts';
import { Text } from '../schema-parts.ts';

/** A field of an object; `patch` sets it, `git` watches it. */
export const ObjectFieldSchema = Type.Object(
  {
    apiVersion: Type.String({
      description: 'Group and version of the object, for example helm.toolkit.fluxcd.io/v2.',
      minLength: 1,
      maxLength: 317,
      pattern: '^([a-z0-9.-]+/)?v[a-z0-9]+$',
    }),
    kind: Type.String({ description: 'Kind of the object.', minLength: 1, maxLength: 63, pattern: '^[A-Za-z0-9]+$' }),
    name: Type.String({ description: "Name of the object, in the App's namespace.", minLength: 1, maxLength: 253 }),
    path: Type.String({
      description:
        'Where the field stands: spec.chart.spec.version, spec.sources[0].targetRevision, spec.containers[name=web].image.',
      minLength: 1,
      maxLength: 1024,
    }),
    source: Type.String({ description: 'Name of the source whose version it holds.', minLength: 1, maxLength: 63 }),
    value: Type.Optional(
      Type.Enum(['Tag', 'Digest', 'Reference'], {
        description:
          'What of the version it holds. Tag: the tag, or the version of a chart. Reference: repository:tag@digest.',
        default: 'Tag',
      }),
    ),
    template: Type.Optional(
      Type.String({
        description: 'In place of value: a text with {tag}, {digest} and {repository} in it.',
        minLength: 1,
        maxLength: 512,
      }),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: '!has(self.template) || !has(self.value) || self.value == "Tag"',
        message: 'value and template exclude each other',
      },
    ],
  },
);

export const PatchSchema = Type.Object(
  {
    targets: Type.Array(ObjectFieldSchema, {
      description: 'The fields to set; those of one object are set in one request.',
      minItems: 1,
      maxItems: 32,
    }),
    serviceAccountName: Type.Optional(
      Type.String({
        description: "ServiceAccount of the App's namespace to act as; without it Headgate's own rights count.",
        minLength: 1,
        maxLength: 253,
      }),
    ),
  },
  { description: 'Sets fields of objects of any kind; their own controllers do the rest, and their status decides.' },
);

export type ObjectFieldWire = Static<typeof ObjectFieldSchema>;

export interface FieldContext {
  /** Names of the sources. */
  readonly known: readonly string[];
  /** Names of those whose tag stays when there is something new. */
  readonly oneTag: ReadonlySet<string>;
  readonly note: (field: string, problem: string) => void;
}

export function decodePatch(patch: Static<typeof PatchSchema>, context: FieldContext): PatchDeploy {
  const field = 'spec.deploy.patch.targets';
  const targets = patch.targets.map((target, index) => decodeObjectField(target, `${field}[${index}]`, context));
  return {
    kind: 'Patch',
    targets: targets.filter((target) => target !== undefined),
    serviceAccount: patch.serviceAccountName,
  };
}

/** Undefined when it cannot be understood, which is noted. */
export function decodeObjectField(
  wire: ObjectFieldWire,
  field: string,
  { known, oneTag, note }: FieldContext,
): ObjectField | undefined {
  const parsed = parseFieldPath(wire.path);
  if (parsed.kind === 'Invalid') {
    note(`${field}.path`, parsed.reason);
  }
  if (!known.includes(wire.source)) {
    note(`${field}.source`, `there is no source "${wire.source}"; the sources are ${known.join(', ')}`);
  }
  if (wire.apiVersion.split('/')[0] === 'headgate.dev') {
    note(`${field}.apiVersion`, 'Headgate does not update its own objects; name one that another controller reads');
  }
  const form = formOf(wire);
  if (oneTag.has(wire.source) && !holdsDigest(form)) {
    note(field, 'a tag cannot follow a source whose tag stays the same; use value Digest or Reference');
  }
  if (form.kind === 'Template' && !/\{(?:tag|digest)\}/.test(form.text)) {
    note(`${field}.template`, `"${form.text}" holds no version; put {tag} or {digest} into it`);
  }
  const { apiVersion, kind, name, source } = wire;
  return parsed.kind === 'Path' ? { apiVersion, kind, name, path: parsed.path, source, form } : undefined;
}

export function formOf({ value, template }: Pick<ObjectFieldWire, 'value' | 'template'>): ValueForm {
  return template === undefined ? { kind: value ?? 'Tag' } : { kind: 'Template', text: template };
}

function holdsDigest(form: ValueForm): boolean {
  return form.kind === 'Template' ? form.text.includes('{digest}') : form.kind !== 'Tag';
}

/** What an Update records of the fields that it sets. */
export const PatchPlanSchema = Type.Object(
  {
    serviceAccount: Type.Optional(Text('ServiceAccount with whose rights they are set.', 253)),
    fields: Type.Array(
      Type.Object({
        apiVersion: Text('Group and version of the object.', 317),
        kind: Text('Kind of the object.', 63),
        name: Text('Name of the object.', 253),
        uid: Text('So that one made anew under the same name is told apart.', 64),
        path: Text('Where the field stands.', 1024),
        source: Text('Name of the source.', 63),
        before: Type.Optional(Text('Value before; absent where there was no such field.', 2048)),
        after: Text('Value that is set.', 2048),
        restore: Type.Optional(Text('Value that going back sets; absent: the field is taken away.', 2048)),
        restoreDigest: Type.Optional(Text('Digest of the version that it stands for, where it is known.', 256)),
      }),
      { description: 'Each field.', maxItems: 32 },
    ),
  },
  { description: 'Of deploy patch: what stood in the fields, what is set, what going back sets.' },
);
