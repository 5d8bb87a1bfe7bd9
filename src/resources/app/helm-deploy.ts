/** `spec.deploy.helm` of an App as written in the cluster. */
import Type, { type Static } from 'typebox';
import { Duration } from '../schema-parts.ts';

const DnsLabel = { minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
/** Helm's own limit for the name of a release. */
const ReleaseName = { minLength: 1, maxLength: 53, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' };
const Path = (description: string) => Type.String({ description, minLength: 1, maxLength: 512 });
const ObjectName = (description: string) => Type.String({ description, minLength: 1, maxLength: 253 });

const ChartSchema = Type.Object(
  {
    source: Type.Optional(
      Type.String({ description: 'Name of the chart source whose version is installed.', ...DnsLabel }),
    ),
    fromRelease: Type.Optional(
      Type.Boolean({
        description: 'Keep the chart and the values that the release has; what is set here is laid over them.',
      }),
    ),
  },
  {
    description: 'Which chart.',
    'x-kubernetes-validations': [
      {
        rule: 'has(self.source) != (has(self.fromRelease) && self.fromRelease)',
        message: 'exactly one of source and fromRelease must be set',
      },
    ],
  },
);

const ValuesReferenceSchema = Type.Object({
  kind: Type.Enum(['ConfigMap', 'Secret'], {
    description: 'Kind of the object, which is in the namespace of the App.',
  }),
  name: ObjectName('Its name.'),
  valuesKey: Type.Optional(
    Type.String({ description: 'Key whose text is read.', minLength: 1, maxLength: 253, default: 'values.yaml' }),
  ),
  targetPath: Type.Optional(
    Path('Where the text goes as one value, as in helm --set; when absent the text is a values file.'),
  ),
  optional: Type.Optional(
    Type.Boolean({ description: 'Go on when the object or its key is missing.', default: false }),
  ),
});

const ImageValuesSchema = Type.Object(
  {
    source: Type.String({ description: 'Name of an image source.', ...DnsLabel }),
    repositoryPath: Type.Optional(Path('Value that gets the repository, for example image.repository.')),
    tagPath: Type.Optional(Path('Value that gets the tag, for example image.tag.')),
    digestPath: Type.Optional(Path('Value that gets the digest, for example image.digest.')),
    imagePath: Type.Optional(Path('Value that gets all of it, as repository:tag@digest.')),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: 'has(self.tagPath) || has(self.digestPath) || has(self.imagePath)',
        message: 'one of tagPath, digestPath and imagePath must be set',
      },
    ],
  },
);

/** As kustomize has them. */
export const PatchesSchema = Type.Array(
  Type.Object({
    patch: Type.String({
      description: 'A strategic merge patch or a JSON patch, as YAML or JSON.',
      minLength: 1,
      maxLength: 65_536,
    }),
    target: Type.Optional(
      Type.Object(
        {
          group: Type.Optional(Type.String({ description: 'API group.', maxLength: 253 })),
          version: Type.Optional(Type.String({ description: 'API version.', maxLength: 63 })),
          kind: Type.Optional(Type.String({ description: 'Kind.', maxLength: 63 })),
          name: Type.Optional(Type.String({ description: 'Name, as a regular expression.', maxLength: 253 })),
          namespace: Type.Optional(Type.String({ description: 'Namespace.', maxLength: 63 })),
          labelSelector: Type.Optional(Type.String({ description: 'Labels.', maxLength: 1024 })),
          annotationSelector: Type.Optional(Type.String({ description: 'Annotations.', maxLength: 1024 })),
        },
        { description: 'Which objects are patched; needed for a JSON patch.' },
      ),
    ),
  }),
  { description: 'Patches of kustomize, in this order.', maxItems: 100 },
);

const PostRenderSchema = Type.Object(
  {
    patches: Type.Optional(PatchesSchema),
    images: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ description: 'Image as the chart has it, without tag.', minLength: 1, maxLength: 512 }),
          newName: Type.Optional(Type.String({ description: 'Other name.', maxLength: 512 })),
          newTag: Type.Optional(Type.String({ description: 'Other tag.', maxLength: 128 })),
          digest: Type.Optional(Type.String({ description: 'Digest.', maxLength: 256 })),
        }),
        { description: 'Images that are renamed.', maxItems: 100 },
      ),
    ),
  },
  { description: 'Rendered objects and hooks go through the kustomize of kubectl with these fields.' },
);

export const HelmDeploySchema = Type.Object(
  {
    chart: ChartSchema,
    releaseName: Type.Optional(
      Type.String({ description: 'Name of the Helm release; that of the App when absent.', ...ReleaseName }),
    ),
    values: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Values, over those of valuesFrom.' }),
    ),
    valuesFrom: Type.Optional(
      Type.Array(ValuesReferenceSchema, {
        description: 'Values from ConfigMaps and Secrets, each over the one before.',
        maxItems: 32,
      }),
    ),
    images: Type.Optional(
      Type.Array(ImageValuesSchema, {
        description: 'Values that get the versions of image sources, over all others.',
        maxItems: 32,
      }),
    ),
    crds: Type.Optional(
      Type.Enum(['Skip', 'Create', 'CreateReplace'], {
        description:
          'CRDs below crds/ of the chart, before each upgrade. Create: those that are missing. CreateReplace: all, and the former ones again on the way back.',
        default: 'Create',
      }),
    ),
    postRender: Type.Optional(PostRenderSchema),
    timeout: Type.Optional(Duration('How long one hook of the chart may take.', '5m')),
    serviceAccountName: Type.Optional(
      ObjectName('ServiceAccount of the namespace that Helm acts as; Headgate itself when absent.'),
    ),
    test: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(
            Type.Boolean({ description: 'Run helm test once everything is healthy.', default: true }),
          ),
          timeout: Type.Optional(Duration('How long one test may take.', '5m')),
        },
        { description: 'The tests of the chart; one that fails makes the Update go back.' },
      ),
    ),
    drift: Type.Optional(
      Type.Enum(['Correct', 'Report', 'Ignore'], {
        description: 'What is done where somebody changes what Helm put in place.',
        default: 'Ignore',
      }),
    ),
    maxHistory: Type.Optional(
      Type.Integer({ description: 'Revisions that Helm keeps.', minimum: 3, maximum: 100, default: 10 }),
    ),
    onInstallFailure: Type.Optional(
      Type.Enum(['Uninstall', 'Keep'], {
        description: 'What becomes of a first installation that is bad.',
        default: 'Uninstall',
      }),
    ),
  },
  { description: 'Installs and upgrades a chart by the real Helm, and goes back by helm rollback.' },
);

export type HelmDeployWire = Static<typeof HelmDeploySchema>;
