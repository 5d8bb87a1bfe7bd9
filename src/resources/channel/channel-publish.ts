/** `spec.publish` of a Channel: where its files go and with which keys they are signed. */
import Type from 'typebox';
import { Duration, SecretReference } from '../schema-parts.ts';

const FolderStoreSchema = Type.Object(
  {
    path: Type.String({
      description: 'Folder below the one that Headgate was started with (--channel-folder).',
      maxLength: 512,
    }),
  },
  { description: 'A folder that a web server serves.' },
);

export const ChannelPublishSchema = Type.Object(
  {
    folder: Type.Optional(FolderStoreSchema),
    url: Type.Optional(
      Type.String({
        description:
          'In place of a folder: s3://bucket/prefix?endpoint=https://host&region=name, oci://host/repository?tag=name, or git+https://host/repository?branch=name&path=folder (also git+ssh). Clusters read from the same address.',
        pattern: '^(s3|oci|git\\+https?|git\\+ssh)://[^ ]+$',
        maxLength: 1024,
      }),
    ),
    secretRef: Type.Optional({
      ...SecretReference,
      description:
        'Secret for the url, which may write there: accessKeyId and secretAccessKey for s3; .dockerconfigjson, or username and password for oci; username and password, or identity and known_hosts for git.',
    }),
    certSecretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret whose key ca.crt holds certificates (PEM) to trust for the url.',
    }),
    keysRef: {
      ...SecretReference,
      description:
        'Secret with the private keys of the roles targets, snapshot and timestamp (PEM): targets.pem, snapshot.pem, timestamp.pem. The key of the root does not belong here.',
    },
    timestampLifetime: Type.Optional(Duration('How long clusters take new things without a sign of life.', '72h')),
    snapshotLifetime: Type.Optional(Duration('How long a snapshot lasts unless it is signed anew.', '336h')),
    targetsLifetime: Type.Optional(Duration('How long the lists of files last unless they are signed anew.', '2160h')),
  },
  {
    description: 'Where Releases are published.',
    'x-kubernetes-validations': [
      { rule: 'has(self.folder) != has(self.url)', message: 'exactly one of folder and url must be set' },
    ],
  },
);
