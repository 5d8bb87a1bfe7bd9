/**
 * A Sigstore of one's own: an authority that certifies identities as Fulcio does, a log of certificates, and a transparency log as Rekor
 * is. Only what they sign is made here, by the same rules; cosign itself is asked in the tests whether it takes it.
 */
import { sign } from 'node:crypto';
import {
  type CertificateOptions,
  issueCertificate,
  makeAuthority,
  makePair,
  type Pair,
  sha256,
  spkiOf,
} from './certificates.ts';

export interface LogEntry {
  /** The form in which cosign keeps it beside a signature of its first layout. */
  readonly cosignBundle: string;
  /** The form of a Sigstore bundle. */
  readonly bundleEntry: object;
}

export interface SigstoreInstance {
  readonly trustedRoot: string;
  /** DER. */
  issue(options: CertificateOptions): Buffer;
  /** @param body kind, apiVersion, spec */
  log(body: LogBody, integratedAt: Date): LogEntry;
}

export interface LogBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: object;
}

const origin = 'rekor.test';
const dayMs = 24 * 3_600_000;

export function createSigstoreInstance(now = new Date()): SigstoreInstance {
  const root = makePair();
  const intermediate = makePair();
  const certificateLog = makePair();
  const log = makePair();
  const validity = { start: new Date(now.getTime() - 400 * dayMs), end: new Date(now.getTime() + 400 * dayMs) };
  const rootCertificate = makeAuthority({ name: 'root', issuerName: 'root', pair: root, signer: root, validity });
  const intermediateCertificate = makeAuthority({
    name: 'intermediate',
    issuerName: 'root',
    pair: intermediate,
    signer: root,
    validity,
  });
  return {
    trustedRoot: JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [describeLog(log, `https://${origin}`, validity.start)],
      certificateAuthorities: [
        {
          subject: { organization: 'test', commonName: 'intermediate' },
          uri: 'https://fulcio.test',
          certChain: {
            certificates: [intermediateCertificate, rootCertificate].map((der) => ({
              rawBytes: der.toString('base64'),
            })),
          },
          validFor: { start: validity.start.toISOString() },
        },
      ],
      ctlogs: [describeLog(certificateLog, 'https://ctfe.test', validity.start)],
      timestampAuthorities: [],
    }),
    issue: (options) => issueCertificate(options, { intermediate, certificateLog }),
    log: (body, integratedAt) => makeEntry(log, body, integratedAt),
  };
}

function describeLog({ publicKey }: Pair, baseUrl: string, start: Date): object {
  const der = spkiOf(publicKey);
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: der.toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: start.toISOString() },
    },
    logId: { keyId: sha256(der).toString('base64') },
  };
}

/** The only entry of a tree of one, with the log's promise and its proof. */
function makeEntry({ privateKey, publicKey }: Pair, body: LogBody, integratedAt: Date): LogEntry {
  const canonicalizedBody = Buffer.from(canonical(body)).toString('base64');
  const logId = sha256(spkiOf(publicKey));
  const integratedTime = Math.floor(integratedAt.getTime() / 1_000);
  const promised = { body: canonicalizedBody, integratedTime, logID: logId.toString('hex'), logIndex: 0 };
  const promise = sign('sha256', Buffer.from(canonical(promised)), privateKey).toString('base64');
  const rootHash = sha256(Buffer.concat([Buffer.from([0]), Buffer.from(canonicalizedBody, 'base64')])).toString(
    'base64',
  );
  const note = `${origin} - 1\n1\n${rootHash}\n`;
  const noteSignature = Buffer.concat([logId.subarray(0, 4), sign('sha256', Buffer.from(note), privateKey)]);
  return {
    cosignBundle: JSON.stringify({ SignedEntryTimestamp: promise, Payload: promised }),
    bundleEntry: {
      logIndex: '0',
      logId: { keyId: logId.toString('base64') },
      kindVersion: { kind: body.kind, version: body.apiVersion },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: promise },
      inclusionProof: {
        logIndex: '0',
        rootHash,
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: `${note}\n\u2014 ${origin} ${noteSignature.toString('base64')}\n` },
      },
      canonicalizedBody,
    },
  };
}

/** RFC 8785, as far as texts and whole numbers go. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
