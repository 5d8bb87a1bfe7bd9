/** Whose signatures a version needs, as written in an App. */
import Type, { type Static } from 'typebox';
import { SecretReference } from '../schema-parts.ts';

const IdentitySchema = Type.Object(
  {
    issuer: Type.Optional(
      Type.String({
        description: 'Who vouches for the identity, for example https://token.actions.githubusercontent.com.',
        minLength: 1,
        maxLength: 512,
      }),
    ),
    issuerPattern: Type.Optional(
      Type.String({ description: 'Pattern (RE2) that the whole issuer matches.', minLength: 1, maxLength: 512 }),
    ),
    subject: Type.Optional(
      Type.String({
        description: 'The identity in the certificate: a URI, for example of a workflow, or an e-mail address.',
        minLength: 1,
        maxLength: 512,
      }),
    ),
    subjectPattern: Type.Optional(
      Type.String({ description: 'Pattern (RE2) that the whole identity matches.', minLength: 1, maxLength: 512 }),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: 'has(self.issuer) != has(self.issuerPattern)',
        message: 'exactly one of issuer and issuerPattern must be set',
      },
      {
        rule: 'has(self.subject) != has(self.subjectPattern)',
        message: 'exactly one of subject and subjectPattern must be set',
      },
    ],
  },
);

export const VerifySchema = Type.Object(
  {
    keySecretRef: Type.Optional({
      ...SecretReference,
      description:
        'Secret whose entries *.pub are public keys (PEM) of cosign; a signature by any one of them is enough.',
    }),
    identities: Type.Optional(
      Type.Array(IdentitySchema, {
        description: 'Who may sign without a key; any one of them is enough.',
        minItems: 1,
        maxItems: 16,
      }),
    ),
    trustedRootRef: Type.Optional(
      Type.Object(
        {
          kind: Type.Optional(
            Type.Enum(['ConfigMap', 'Secret'], { description: 'Kind of the object.', default: 'ConfigMap' }),
          ),
          name: Type.String({ description: 'Name, in the same namespace.', minLength: 1, maxLength: 253 }),
        },
        {
          description:
            'Object whose key trusted_root.json holds the authorities and logs to trust (Sigstore TrustedRoot). Needed for identities and for transparencyLog.',
        },
      ),
    ),
    transparencyLog: Type.Optional(
      Type.Enum(['Required', 'Ignored'], {
        description:
          'Whether a signature must be in a log that the trusted root names. Default: Required for identities, Ignored for keys. Identities without a log need a timestamp of an authority that it names.',
      }),
    ),
    signature: Type.Optional(
      Type.Enum(['Required', 'Ignored'], {
        description: 'Ignored: the attestations are enough.',
        default: 'Required',
      }),
    ),
    attestations: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
        description:
          'Predicate types that must be attested by the same signers, for example https://slsa.dev/provenance/v1, or a short name of cosign.',
        maxItems: 16,
      }),
    ),
  },
  {
    description: 'Takes only versions that are signed; see the guide on signatures.',
    'x-kubernetes-validations': [
      {
        rule: 'has(self.keySecretRef) != has(self.identities)',
        message: 'exactly one of keySecretRef and identities must be set',
      },
    ],
  },
);

export type VerifyWire = Static<typeof VerifySchema>;
