/** Signatures as cosign makes them, and as nobody should, put together by hand so that each part can be wrong. */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { type Identity, makePair, pemOf } from './certificates.ts';
import type { LogBody, SigstoreInstance } from './sigstore-instance.ts';

/** What is signed, before and after. */
export interface Statement {
  readonly digest: string;
  readonly predicateType?: string;
  readonly type?: string;
  readonly payloadType?: string;
}

/** One layer of cosign's first layout. */
export interface SignatureLayer {
  readonly blob: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

const signPredicateType = 'https://sigstore.dev/cosign/sign/v1';
const inTotoType = 'application/vnd.in-toto+json';

function simpleSigningText({ digest, type = 'cosign container image signature' }: Statement): Buffer {
  const critical = { identity: { 'docker-reference': '' }, image: { 'docker-manifest-digest': digest }, type };
  return Buffer.from(JSON.stringify({ critical, optional: null }));
}

function inTotoText({ digest, predicateType = signPredicateType, type }: Statement): Buffer {
  const [algorithm = '', hex = ''] = digest.split(':');
  return Buffer.from(
    JSON.stringify({
      _type: type ?? 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { [algorithm]: hex } }],
      predicateType,
      predicate: {},
    }),
  );
}

/** DSSE, "PAE". */
export function encodeEnvelope(payloadType: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

export interface KeylessOptions extends Identity {
  readonly instance: SigstoreInstance;
  /** Who logs, where it is another one than who certifies. */
  readonly logInstance?: SigstoreInstance;
  readonly signedAt: Date;
  /** Milliseconds from the time in the certificate to the one in the log. */
  readonly loggedAfterMs?: number;
  readonly usage?: 'codeSigning' | 'serverAuth';
  readonly certificateLog?: 'logged' | 'absent' | 'forged';
  readonly entry?: 'present' | 'absent' | 'of another key' | 'of another text';
}

/** A bundle (v0.3) by a key, in no log. */
export function keyBundle(statement: Statement, privateKey: KeyObject, hash: string | null = 'sha256'): object {
  const { envelope } = signEnvelope(statement, privateKey, hash);
  return bundleOf({ publicKey: { hint: '' } }, envelope);
}

/** A bundle (v0.3) by an identity. */
export function keylessBundle(statement: Statement, options: KeylessOptions): object {
  const { privateKey, certificate } = certifyNewKey(options);
  const { envelope, payload } = signEnvelope(statement, privateKey);
  const verifier = pemOf(loggedCertificate(certificate, options));
  const body = envelopeEntry(envelope, { payload: loggedText(payload, options), verifier });
  const tlogEntries = options.entry === 'absent' ? [] : [logEntry(body, options).bundleEntry];
  return bundleOf({ certificate: { rawBytes: certificate.toString('base64') }, tlogEntries }, envelope);
}

/** A bundle (v0.3) by a key, in a log. */
export function loggedKeyBundle(
  statement: Statement,
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  instance: SigstoreInstance,
): object {
  const { envelope, payload } = signEnvelope(statement, privateKey);
  const verifier = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const entry = instance.log(envelopeEntry(envelope, { payload, verifier }), new Date());
  return bundleOf({ publicKey: { hint: '' }, tlogEntries: [entry.bundleEntry] }, envelope);
}

/** As Rekor keeps an envelope (kind dsse). */
function envelopeEntry(
  envelope: { readonly signatures: readonly [{ readonly sig: string }] },
  { payload, verifier }: { readonly payload: Buffer; readonly verifier: string },
): LogBody {
  const [{ sig }] = envelope.signatures;
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: { algorithm: 'sha256', value: sha256(Buffer.from(JSON.stringify(envelope))) },
      payloadHash: { algorithm: 'sha256', value: sha256(payload) },
      signatures: [{ signature: sig, verifier: Buffer.from(verifier).toString('base64') }],
    },
  };
}

/** A layer by a key. */
export function keyLayer(statement: Statement, privateKey: KeyObject, hash: string | null = 'sha256'): SignatureLayer {
  const blob = simpleSigningText(statement);
  const signature = sign(hash, blob, privateKey).toString('base64');
  return { blob, annotations: { 'dev.cosignproject.cosign/signature': signature } };
}

/** A layer by an identity. */
export function keylessLayer(statement: Statement, options: KeylessOptions): SignatureLayer {
  const { privateKey, certificate } = certifyNewKey(options);
  const blob = simpleSigningText(statement);
  const content = sign('sha256', blob, privateKey).toString('base64');
  const body: LogBody = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256(loggedText(blob, options)) } },
      signature: {
        content,
        publicKey: { content: Buffer.from(pemOf(loggedCertificate(certificate, options))).toString('base64') },
      },
    },
  };
  const entry =
    options.entry === 'absent' ? {} : { 'dev.sigstore.cosign/bundle': logEntry(body, options).cosignBundle };
  return {
    blob,
    annotations: {
      'dev.cosignproject.cosign/signature': content,
      'dev.sigstore.cosign/certificate': pemOf(certificate),
      ...entry,
    },
  };
}

function certifyNewKey(options: KeylessOptions) {
  const { privateKey, publicKey } = makePair();
  const { instance, signedAt, ...wanted } = options;
  return { privateKey, certificate: instance.issue({ ...wanted, publicKey, notBefore: signedAt }) };
}

function loggedCertificate(certificate: Buffer, options: KeylessOptions): Buffer {
  return options.entry === 'of another key' ? certifyNewKey(options).certificate : certificate;
}

function loggedText(text: Buffer, { entry }: KeylessOptions): Buffer {
  return entry === 'of another text' ? Buffer.from('another text') : text;
}

function logEntry(body: LogBody, { instance, logInstance, signedAt, loggedAfterMs = 1_000 }: KeylessOptions) {
  return (logInstance ?? instance).log(body, new Date(signedAt.getTime() + loggedAfterMs));
}

function signEnvelope(statement: Statement, privateKey: KeyObject, hash: string | null = 'sha256') {
  const { payloadType = inTotoType } = statement;
  const payload = inTotoText(statement);
  const sig = sign(hash, encodeEnvelope(payloadType, payload), privateKey).toString('base64');
  const signatures: [{ readonly sig: string }] = [{ sig }];
  return { payload, envelope: { payloadType, payload: payload.toString('base64'), signatures } };
}

function bundleOf(verificationMaterial: object, dsseEnvelope: object): object {
  return { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', verificationMaterial, dsseEnvelope };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
