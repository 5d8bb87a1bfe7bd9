/** `spec.publish` of a Channel: where its files go and with which keys they are signed. */
import Type from 'typebox';
import { Duration, SecretReference } from './schema-parts.ts';

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
    folder: FolderStoreSchema,
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
  },
);
