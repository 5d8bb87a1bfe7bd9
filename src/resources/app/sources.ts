/** The kinds of sources besides images, as written in an App. */
import Type, { type Static } from 'typebox';
import { maxPatternLength } from '../../core/policy/pattern.ts';
import { ageOrigins } from '../../core/policy/requirements.ts';
import { Duration, SecretReference } from '../schema-parts.ts';
import { PolicySchema } from './policy.ts';
import { VerifySchema } from './verify.ts';

const Insecure = Type.Optional(Type.Boolean({ description: 'Talk plain http to it.', default: false }));

const Certificates = Type.Optional({
  ...SecretReference,
  description: 'Secret whose key ca.crt holds certificates (PEM) to trust for it.',
});

const Patterns = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: maxPatternLength }), { description, maxItems: 16 }));

export const ChartSchema = Type.Object(
  {
    repository: Type.String({
      description: 'https://host/path of a repository with an index.yaml, or oci://host/path of a chart in a registry.',
      minLength: 1,
      maxLength: 400,
    }),
    name: Type.Optional(
      Type.String({
        description: 'Name of the chart in the repository; with oci:// the last part of the path, if it is not there.',
        minLength: 1,
        maxLength: 100,
      }),
    ),
    policy: Type.Optional({
      ...PolicySchema,
      description: 'Which versions of the chart may be taken; the highest that is no pre-release when absent.',
    }),
    appVersion: Type.Optional(
      Type.Object(
        {
          include: Patterns('Patterns of RE2, of which the appVersion must have one.'),
          exclude: Patterns('Patterns of RE2, of which the appVersion may have none.'),
        },
        { description: 'Which versions of the application in the chart may be taken.' },
      ),
    ),
    ignoreKubeVersion: Type.Optional(
      Type.Boolean({
        description: 'Take versions too whose kubeVersion leaves out the version of this cluster; Helm refuses them.',
        default: false,
      }),
    ),
    verify: Type.Optional({
      ...VerifySchema,
      description: 'Takes only versions in a registry (oci://) that cosign signed; see the guide on signatures.',
    }),
    provenance: Type.Optional(
      Type.Object(
        {
          keyringSecretRef: {
            ...SecretReference,
            description: 'Secret whose entries are OpenPGP public keys, as gpg --export writes them.',
          },
        },
        { description: 'Takes only versions with a provenance file (helm package --sign) by one of these keys.' },
      ),
    ),
    insecure: Insecure,
    secretRef: Type.Optional({
      ...SecretReference,
      description:
        'Secret with username and password for the repository; with oci:// one of type kubernetes.io/dockerconfigjson.',
    }),
    certSecretRef: Certificates,
  },
  { description: 'A Helm chart.' },
);

export const GitSchema = Type.Object(
  {
    url: Type.String({
      description: 'https://host/path, ssh://user@host/path or user@host:path.',
      minLength: 1,
      maxLength: 512,
    }),
    branch: Type.Optional(
      Type.String({ description: 'Follow the head of this branch.', minLength: 1, maxLength: 128 }),
    ),
    tag: Type.Optional({ ...PolicySchema, description: 'Follow tags; which of them may be taken.' }),
    minimumAge: Type.Optional(
      Duration(
        'How long a head of the branch must have been known before it is taken; for tags it is in their policy.',
      ),
    ),
    ageFrom: Type.Optional(
      Type.Enum([...ageOrigins], {
        description:
          'Since when it is known: since Headgate saw it first, or (Created) since the date of the commit, which its author can forge. Default: FirstSeen.',
      }),
    ),
    paths: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
        description: 'Files and folders: only commits of the branch that touch one of them count. All when absent.',
        maxItems: 16,
      }),
    ),
    verify: Type.Optional(
      Type.Object(
        {
          keysSecretRef: {
            ...SecretReference,
            description:
              'Secret whose entries are public keys: *.asc (OpenPGP), *.pub (ssh), or a file allowed_signers (ssh).',
          },
          signed: Type.Optional(
            Type.Enum(['Commit', 'Tag'], {
              description: 'What must be signed. Default: Tag for tags, Commit for a branch.',
            }),
          ),
        },
        { description: 'Takes only what is signed by one of these keys.' },
      ),
    ),
    insecure: Insecure,
    secretRef: Type.Optional({
      ...SecretReference,
      description:
        'Secret with username and password, or bearerToken, for https; with identity and known_hosts for ssh. As for a GitRepository of Flux.',
    }),
    certSecretRef: Certificates,
  },
  {
    description: 'A git repository.',
    'x-kubernetes-validations': [
      { rule: 'has(self.branch) != has(self.tag)', message: 'exactly one of branch and tag must be set' },
      { rule: '!has(self.paths) || has(self.branch)', message: 'paths is for a branch' },
      {
        rule: '!has(self.minimumAge) || has(self.branch)',
        message: 'minimumAge is for a branch; write tag.minimumAge for tags',
      },
      {
        rule: "!has(self.verify) || !has(self.verify.signed) || self.verify.signed != 'Tag' || has(self.tag)",
        message: 'verify.signed: Tag is for tags; a branch has commits',
      },
    ],
  },
);

export const ArtifactSchema = Type.Object(
  {
    repository: Type.String({
      description: 'Where the tags are listed, for example ghcr.io/org/manifests; oci:// may stand before it.',
      minLength: 1,
      maxLength: 512,
    }),
    policy: PolicySchema,
    verify: Type.Optional(VerifySchema),
    insecure: Insecure,
    secretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret of type kubernetes.io/dockerconfigjson with credentials for the registry.',
    }),
    certSecretRef: Certificates,
  },
  { description: 'An OCI artifact with manifests, as flux push artifact makes it.' },
);

export type ChartWire = Static<typeof ChartSchema>;
export type GitWire = Static<typeof GitSchema>;
export type ArtifactWire = Static<typeof ArtifactSchema>;
