/** Statements of in-toto in envelopes of DSSE (v1.0), signed with keys of a channel. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Key } from '@tufjs/models';
import Type from 'typebox';
import { type Statement, statementMediaType, statementType, testResultType } from '../../core/channel/evidence.ts';
import { OperationError } from '../../core/errors.ts';
import { decoderOf } from '../../resources/decode.ts';
import type { Signer } from './signer.ts';

/** A larger file is no evidence. */
export const maxEvidenceBytes = 4_194_304;

const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' });

const EnvelopesSchema = Type.Array(
  Type.Object({
    payloadType: Type.Literal(statementMediaType),
    payload: Base64,
    signatures: Type.Array(Type.Object({ keyid: Type.String(), sig: Base64 }), { maxItems: 16 }),
  }),
  { maxItems: 256 },
);

const Descriptor = Type.Object({
  name: Type.Optional(Type.String()),
  digest: Type.Optional(Type.Record(Type.String(), Type.String())),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
});

const StatementSchema = Type.Object({
  _type: Type.Literal(statementType),
  subject: Type.Array(Descriptor, { maxItems: 4_000 }),
  predicateType: Type.Literal(testResultType),
  predicate: Type.Object({
    result: Type.Union([Type.Literal('PASSED'), Type.Literal('FAILED')]),
    configuration: Type.Array(Descriptor, { maxItems: 4_000 }),
    passedTests: Type.Array(Type.String(), { maxItems: 4_000 }),
    failedTests: Type.Array(Type.String(), { maxItems: 4_000 }),
  }),
});

const decodeEnvelopes = decoderOf(EnvelopesSchema);
const decodeStatement = decoderOf(StatementSchema);

/** One file with an envelope for each. */
export async function signStatements(
  statements: readonly Statement[],
  signers: readonly Signer[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const envelopes: unknown[] = [];
  for (const statement of statements) {
    const payload = Buffer.from(JSON.stringify(statement));
    const signatures: unknown[] = [];
    for (const { key, sign } of signers) {
      const sig = Buffer.from(await sign(preAuthentication(payload), signal), 'hex').toString('base64');
      signatures.push({ keyid: key.keyID, sig });
    }
    envelopes.push({ payloadType: statementMediaType, payload: payload.toString('base64'), signatures });
  }
  return Buffer.from(`${JSON.stringify(envelopes)}\n`);
}

/**
 * The statements of a file; each has to be signed by one of the keys.
 *
 * @throws CHANNEL_UNTRUSTED, CHANNEL_INVALID
 */
export function openStatements(file: Uint8Array, keys: readonly Key[], path: string): readonly Statement[] {
  const envelopes = parse(() => decodeEnvelopes(JSON.parse(Buffer.from(file).toString('utf8')), path), path);
  return envelopes.map(({ payload, signatures }, at) => {
    const bytes = Buffer.from(payload, 'base64');
    const isSigned = signatures.some(({ keyid, sig }) => {
      const key = keys.find(({ keyID }) => keyID === keyid);
      return key !== undefined && isSignedBy(key, bytes, Buffer.from(sig, 'base64'));
    });
    if (!isSigned) {
      throw new OperationError(`read ${path} of the channel: statement ${at + 1} is signed by none of its keys`, {
        code: 'CHANNEL_UNTRUSTED',
        retry: 'backoff',
      });
    }
    return parse(() => decodeStatement(JSON.parse(bytes.toString('utf8')), `statement ${at + 1} of ${path}`), path);
  });
}

/** What is signed: type and content, each with its length, so that none can be taken for the other. */
function preAuthentication(payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(statementMediaType)} ${statementMediaType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

function publicKeyOf({ keyType, keyVal }: Key): KeyObject {
  const text = keyVal['public'] ?? '';
  return keyType === 'ed25519'
    ? createPublicKey({
        key: Buffer.concat([ed25519Prefix, Buffer.from(text, 'hex')]),
        format: 'der',
        type: 'spki',
      })
    : createPublicKey(text);
}

function isSignedBy(key: Key, payload: Buffer, signature: Buffer): boolean {
  try {
    const hash = key.keyType === 'ed25519' ? null : 'sha256';
    return verify(hash, preAuthentication(payload), publicKeyOf(key), signature);
  } catch {
    return false;
  }
}

function parse<T>(read: () => T, path: string): T {
  try {
    return read();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new OperationError(`read ${path} of the channel: ${problem}`, {
      code: 'CHANNEL_INVALID',
      retry: 'backoff',
      cause: error,
    });
  }
}
