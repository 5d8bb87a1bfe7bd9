/** What is kept of an App's objects: wire form -> what the product works with. It is read from the cluster, where others may write too. */
import Type from 'typebox';
import type { AppRecord, Revision } from '../../core/manifest/app-record.ts';
import { decoderOf } from '../decode.ts';

const Version = Type.Object({
  source: Type.String(),
  tag: Type.Optional(Type.String()),
  digest: Type.Optional(Type.String()),
});

const Entry = Type.Object({
  group: Type.String(),
  kind: Type.String(),
  namespace: Type.String(),
  name: Type.String(),
  apiVersion: Type.String(),
  uid: Type.String(),
  desiredHash: Type.String(),
  ownedHash: Type.String(),
  resourceVersion: Type.String(),
  generation: Type.Optional(Type.Integer()),
  metadataHash: Type.Optional(Type.String()),
  keep: Type.Optional(Type.Boolean()),
  left: Type.Optional(Type.Boolean()),
});

const RecordSchema = Type.Object({
  revision: Type.String(),
  versions: Type.Array(Version),
  settings: Type.String(),
  inventory: Type.Array(Entry),
  serviceAccount: Type.Optional(Type.String()),
});

const RevisionSchema = Type.Object({
  objects: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  files: Type.Optional(Type.Array(Type.String())),
  versions: Type.Array(Version),
  settings: Type.String(),
});

/** @throws OBJECT_INVALID */
export const decodeRecord: (value: unknown, what: string) => AppRecord = decoderOf(RecordSchema);

/** @throws OBJECT_INVALID */
export const decodeRevision: (value: unknown, what: string) => Revision = decoderOf(RevisionSchema);
