/** A report of an outcome on its way: signed by a key of its own, whose hash is all that names the cluster. */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import Type from 'typebox';
import { type OutcomeReport, reportPreamble } from '../../core/channel/outcome-report.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import { ReleaseName } from '../../resources/channel/release.ts';
import { decoderOf } from '../../resources/decode.ts';

const keyBytes = 32;
const idLength = 16;
/** Of an Ed25519 key in DER (RFC 8410), before its bytes. */
const keyPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const Base64 = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength });
const decodeEnvelope = decoderOf(
  Type.Object({ payload: Base64(2_048), publicKey: Base64(64), signature: Base64(128) }),
);
const decodePayload = decoderOf(
  Type.Object({
    schema: Type.Literal(1),
    channel: Type.String(ReleaseName),
    release: Type.String(ReleaseName),
    outcome: Type.Enum(['Succeeded', 'WentBack']),
  }),
);

/** @param key private, Ed25519, PEM */
export function signReport({ channel, release, outcome }: OutcomeReport, key: string): string {
  const privateKey = createPrivateKey(key);
  const payload = Buffer.from(JSON.stringify({ schema: 1, channel, release, outcome }));
  const signature = sign(null, Buffer.concat([Buffer.from(reportPreamble), payload]), privateKey);
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-keyBytes);
  const parts = { payload, publicKey, signature };
  return JSON.stringify(
    Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.toString('base64')])),
  );
}

/**
 * @param body as it came from anybody, its size bounded
 * @returns the report, and the id of the cluster that signed it
 * @throws CHANNEL_INVALID, also where the signature is not that of its key
 */
export function openReport(body: string): { readonly report: OutcomeReport; readonly cluster: string } {
  try {
    const envelope = decodeEnvelope(JSON.parse(body), 'the report');
    const [payload, publicKey, signature] = [envelope.payload, envelope.publicKey, envelope.signature].map((part) =>
      Buffer.from(part, 'base64'),
    );
    const key = createPublicKey({
      key: Buffer.concat([keyPrefix, publicKey ?? Buffer.alloc(0)]),
      format: 'der',
      type: 'spki',
    });
    const signed = Buffer.concat([Buffer.from(reportPreamble), payload ?? Buffer.alloc(0)]);
    if (publicKey?.length !== keyBytes || !verify(null, signed, key, signature ?? Buffer.alloc(0))) {
      throw invalid('its signature is not that of its key');
    }
    const { schema: _, ...report } = decodePayload(JSON.parse((payload ?? '').toString('utf8')), 'the report');
    const cluster = createHash('sha256').update(publicKey).digest('hex').slice(0, idLength);
    return { report, cluster };
  } catch (error) {
    throw isOperationError(error, 'CHANNEL_INVALID') ? error : invalid(error instanceof Error ? error.message : '');
  }
}

function invalid(problem: string): OperationError {
  return new OperationError(`read a report: ${problem.slice(0, 256)}`, { code: 'CHANNEL_INVALID', retry: 'never' });
}
