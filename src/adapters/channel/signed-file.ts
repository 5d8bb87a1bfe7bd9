/** One file of metadata of a channel: made, signed, read again. */
import { createHash } from 'node:crypto';
import {
  Metadata,
  MetadataKind,
  type Root,
  Signature,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { OperationError } from '../../core/errors.ts';
import type { Signer } from './signer.ts';

/** The models' own type of JSON, which they do not export. */
type Json = ReturnType<Metadata<Root>['toJSON']>;

interface SignedOfKind {
  readonly root: Root;
  readonly timestamp: Timestamp;
  readonly snapshot: Snapshot;
  readonly targets: Targets;
}

export type FileKind = keyof SignedOfKind;

/** What the signatures are about, as JSON; `_type` and `spec_version` are added. */
export interface Unsigned {
  readonly version: number;
  readonly expires: string;
  readonly [name: string]: Json[string];
}

/** Of the specification that the models are written for. */
const specVersion = '1.0.31';

export interface Stored {
  readonly bytes: Buffer;
  readonly version: number;
  readonly length: number;
  readonly sha256: string;
}

/** Signs with all of them. */
export async function signFile<K extends FileKind>(
  kind: K,
  unsigned: Unsigned,
  signers: readonly Signer[],
  signal: AbortSignal,
): Promise<Stored> {
  const metadata = read(kind, { signed: { _type: kind, spec_version: specVersion, ...unsigned }, signatures: [] });
  for (const signer of signers) {
    await addSignature(metadata, signer, signal);
  }
  return store(metadata);
}

/** Adds one to those that are there. */
export async function addSignature(
  metadata: Metadata<SignedOfKind[FileKind]>,
  { key: { keyID }, sign }: Signer,
  signal: AbortSignal,
): Promise<void> {
  metadata.signatures[keyID] = new Signature({ keyID, sig: await sign(signedBytes(metadata), signal) });
}

/** The models hand out what is signed only to a callback that must not wait. */
function signedBytes(metadata: Metadata<SignedOfKind[FileKind]>): Buffer {
  let signed: Buffer = Buffer.alloc(0);
  const copy = new Metadata(metadata.signed);
  copy.sign((bytes) => {
    signed = bytes;
    return new Signature({ keyID: '', sig: '' });
  });
  return signed;
}

export function store(metadata: Metadata<SignedOfKind[FileKind]>): Stored {
  const bytes = Buffer.from(JSON.stringify(metadata.toJSON()));
  return { bytes, version: metadata.signed.version, length: bytes.length, sha256: sha256Of(bytes) };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * @param what names the file, for messages
 * @throws CHANNEL_STORE_UNUSABLE where it is no such file
 */
export function readFileOf<K extends FileKind>(kind: K, bytes: Uint8Array, what: string): Metadata<SignedOfKind[K]> {
  try {
    return read(kind, JSON.parse(Buffer.from(bytes).toString('utf8')) as Json);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new OperationError(`read ${what}: it is no ${kind} of TUF: ${problem}`, {
      code: 'CHANNEL_STORE_UNUSABLE',
      retry: 'backoff',
      cause: error,
    });
  }
}

/** The models have one overload for each kind. */
const readers: { readonly [K in FileKind]: (data: Json) => Metadata<SignedOfKind[K]> } = {
  root: (data) => Metadata.fromJSON(MetadataKind.Root, data),
  timestamp: (data) => Metadata.fromJSON(MetadataKind.Timestamp, data),
  snapshot: (data) => Metadata.fromJSON(MetadataKind.Snapshot, data),
  targets: (data) => Metadata.fromJSON(MetadataKind.Targets, data),
};

function read<K extends FileKind>(kind: K, data: Json): Metadata<SignedOfKind[K]> {
  return readers[kind](data);
}

/** TUF has no fractions of seconds. */
export function timeText(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
