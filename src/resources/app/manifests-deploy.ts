/** `spec.deploy.manifests` of an App, and the sources that only it uses, as written in the cluster. */
import Type, { type Static } from 'typebox';
import { SecretReference } from '../schema-parts.ts';

const Name = { minLength: 1, maxLength: 253 };

export const FolderSchema = Type.Object(
  {
    path: Type.String({
      description: 'Folder below the one that Headgate was started with (--source-folder).',
      maxLength: 1024,
    }),
  },
  { description: 'Files on the machine that Headgate runs on.' },
);

const IgnoreSchema = Type.Object({
  group: Type.Optional(Type.String({ description: 'API group of the objects; any when absent.', maxLength: 253 })),
  kind: Type.Optional(Type.String({ description: 'Kind of the objects; any when absent.', maxLength: 63 })),
  namespace: Type.Optional(Type.String({ description: 'Namespace of the objects; any when absent.', maxLength: 63 })),
  name: Type.Optional(Type.String({ description: 'Name of the object; any when absent.', maxLength: 253 })),
  paths: Type.Array(Type.String({ pattern: '^(/[^/]+)+$', maxLength: 512 }), {
    description: 'Fields as JSON pointers, for example /spec/replicas; * stands for any key or item.',
    minItems: 1,
    maxItems: 50,
  }),
});

export const ManifestsSchema = Type.Object(
  {
    source: Type.Optional(
      Type.String({ description: 'The source whose files are applied; not needed where only one has files.', ...Name }),
    ),
    path: Type.Optional(
      Type.String({
        description: 'Folder or file in the source; all of it when absent.',
        maxLength: 1024,
        default: '',
      }),
    ),
    namespace: Type.Optional(
      Type.String({ description: "For objects that name none; the App's own when absent.", ...Name }),
    ),
    serviceAccountName: Type.Optional(
      Type.String({
        description:
          "ServiceAccount of the App's namespace in whose name everything is done. Without it objects must be in the App's namespace.",
        ...Name,
      }),
    ),
    prune: Type.Optional(
      Type.Boolean({ description: 'Delete objects that are no longer in the files.', default: true }),
    ),
    deletion: Type.Optional(
      Type.Enum(['Orphan', 'Prune'], {
        description: 'What becomes of the objects when the App is deleted: they stay, or go with it.',
        default: 'Orphan',
      }),
    ),
    conflicts: Type.Optional(
      Type.Enum(['Fail', 'Force'], {
        description:
          'Where another field manager owns a field of an object that is not ours yet: stop and name it, or take the field.',
        default: 'Fail',
      }),
    ),
    drift: Type.Optional(
      Type.Enum(['Correct', 'Report'], {
        description: 'Where somebody changes what was applied: put it back, or only say so.',
        default: 'Correct',
      }),
    ),
    ignore: Type.Optional(
      Type.Array(IgnoreSchema, {
        description:
          'Fields that somebody else looks after; the replicas of what an autoscaler of the same set scales are left to it anyway.',
        maxItems: 50,
      }),
    ),
    decryption: Type.Optional(
      Type.Object(
        { secretRef: { ...SecretReference, description: 'Secret with age keys, under keys that end in .agekey.' } },
        { description: 'For files that SOPS encrypted.' },
      ),
    ),
  },
  { description: 'Applies all objects of a folder of files, and prunes what left it.' },
);

export type ManifestsWire = Static<typeof ManifestsSchema>;

/** In the status of an Update: its plan. */
export const ManifestsPlanSchema = Type.Object(
  {
    revision: Type.String({ description: 'The set of objects that is put in place.', maxLength: 128 }),
    former: Type.Optional(Type.String({ description: 'The set that going back puts in place.', maxLength: 128 })),
    formerDigests: Type.Array(Type.String({ maxLength: 256 }), {
      description: 'Digests of the versions that it was made of.',
      maxItems: 20,
    }),
    objects: Type.Integer({ description: 'How many objects the new set has.' }),
    changes: Type.Array(Type.String({ maxLength: 512 }), {
      description: '+ made, ~ changed, - pruned; the first hundred.',
      maxItems: 100,
    }),
    changeCount: Type.Integer({ description: 'How many there are in all.' }),
    oneWays: Type.Array(Type.String({ maxLength: 512 }), {
      description: 'What of it cannot be taken back.',
      maxItems: 50,
    }),
  },
  { description: 'For Apps made of manifests: which set of objects comes, and which going back brings.' },
);
