/** What a signed text claims to be about. Only the bytes that the signature covers are believed; everything around them is a hint. */
import { isRecord } from './record.ts';

/** One signed text that could be read. */
export interface Claim {
  /** `<algorithm>:<hex>` of what it is about; several where one statement is about several. */
  readonly digests: readonly string[];
  /** Undefined for a plain signature of cosign's first layout. */
  readonly predicateType: string | undefined;
}

/** A reason for people why it is none. */
export type ReadClaim = Claim | string;

/** The statement that cosign 3 signs in place of its first layout's text. */
export const signPredicateType = 'https://sigstore.dev/cosign/sign/v1';
export const inTotoPayloadType = 'application/vnd.in-toto+json';

const simpleSigningTypes: ReadonlySet<unknown> = new Set([
  'cosign container image signature',
  // What podman and skopeo sign in this layout.
  'atomic container signature',
]);
const statementTypes: ReadonlySet<unknown> = new Set([
  'https://in-toto.io/Statement/v0.1',
  'https://in-toto.io/Statement/v1',
]);
const maxSubjects = 1_000;

/**
 * Reads the text of cosign's first layout (containers/image, "simple signing"). Its type is looked at too, which cosign does not: a
 * key that signs other texts as well must not sign an image by them.
 */
export function readSimpleSigning(payload: Buffer): ReadClaim {
  const critical = fieldOf(parse(payload), 'critical');
  if (!simpleSigningTypes.has(fieldOf(critical, 'type'))) {
    return 'the signed text is no signature of an image';
  }
  const digest = fieldOf(fieldOf(critical, 'image'), 'docker-manifest-digest');
  return typeof digest === 'string'
    ? { digests: [digest], predicateType: undefined }
    : 'the signed text names no digest';
}

/** Reads an in-toto statement out of a DSSE envelope whose signature covers type and payload. */
export function readStatement(payloadType: string, payload: Buffer): ReadClaim {
  if (payloadType !== inTotoPayloadType) {
    return `the signed text is of type ${JSON.stringify(payloadType).slice(0, 100)}, not ${inTotoPayloadType}`;
  }
  const statement = parse(payload);
  const predicateType = fieldOf(statement, 'predicateType');
  const subjects = fieldOf(statement, 'subject');
  if (!statementTypes.has(fieldOf(statement, '_type')) || typeof predicateType !== 'string') {
    return 'the signed text is no in-toto statement';
  }
  if (!Array.isArray(subjects) || subjects.length > maxSubjects || !subjects.every(isRecord)) {
    return 'the statement has no list of subjects, or too long a one';
  }
  return { digests: subjects.flatMap(digestsOf), predicateType };
}

function digestsOf(subject: Readonly<Record<string, unknown>>): readonly string[] {
  const { digest } = subject;
  return isRecord(digest)
    ? Object.entries(digest).flatMap(([algorithm, hex]) => (typeof hex === 'string' ? [`${algorithm}:${hex}`] : []))
    : [];
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    // Foreign bytes; whoever asks for a field says what is missing.
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
