/** Certificates as Fulcio issues them (RFC 5280), with the timestamp of a certificate log in them (RFC 6962). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  boolean,
  encodeTime,
  extension,
  integer,
  keyUsage,
  objectId,
  sequence,
  tagged,
} from '../cluster/der.ts';

export interface Identity {
  /** A URI, or an e-mail address. */
  readonly subject: string;
  readonly issuer: string;
}

export interface CertificateOptions extends Identity {
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  /** Default: ten minutes. */
  readonly lifetimeMs?: number;
  /** Default: code signing. */
  readonly usage?: 'codeSigning' | 'serverAuth';
  /** Default: logged. */
  readonly certificateLog?: 'logged' | 'absent' | 'forged';
}

export interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** P-256, as everything of Sigstore's own. */
export function makePair(): Pair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function pemOf(der: Buffer, type = 'CERTIFICATE'): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join('\n')}\n-----END ${type}-----\n`;
}

const ids = {
  ecdsaWithSha256: objectId('2a8648ce3d040302'),
  commonName: objectId('550403'),
  basicConstraints: objectId('551d13'),
  keyUsage: objectId('551d0f'),
  extendedKeyUsage: objectId('551d25'),
  subjectKey: objectId('551d0e'),
  authorityKey: objectId('551d23'),
  subjectAltName: objectId('551d11'),
  codeSigning: objectId('2b06010505070303'),
  serverAuth: objectId('2b06010505070301'),
  /** 1.3.6.1.4.1.57264.1.1 and .8: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
  issuer: objectId('2b0601040183bf300101'),
  issuerText: objectId('2b0601040183bf300108'),
  /** 1.3.6.1.4.1.11129.2.4.2: RFC 6962, 3.3 */
  certificateTimestamps: objectId('2b06010401d679020402'),
};

interface AuthorityParts {
  readonly name: string;
  readonly issuerName: string;
  readonly pair: Pair;
  readonly signer: Pair;
  readonly validity: { readonly start: Date; readonly end: Date };
}

export function makeAuthority({ name, issuerName, pair, signer, validity }: AuthorityParts): Buffer {
  const extensions = [
    extension(ids.basicConstraints, sequence(boolean(true))),
    extension(ids.keyUsage, keyUsage(0x06, 1)),
    ...(name === 'root' ? [] : [plain(ids.extendedKeyUsage, sequence(ids.codeSigning))]),
    plain(ids.subjectKey, tagged(0x04, keyId(pair.publicKey))),
    plain(ids.authorityKey, sequence(tagged(0x80, keyId(signer.publicKey)))),
  ];
  const body = encodeBody({
    issuer: encodeName(issuerName),
    subject: encodeName(name),
    publicKey: pair.publicKey,
    validity,
    extensions,
  });
  return certify(body, signer);
}

export function issueCertificate(
  options: CertificateOptions,
  { intermediate, certificateLog }: { readonly intermediate: Pair; readonly certificateLog: Pair },
): Buffer {
  const { subject, issuer, publicKey, notBefore, lifetimeMs = 600_000, usage = 'codeSigning' } = options;
  const address = tagged(subject.includes('://') ? 0x86 : 0x81, Buffer.from(subject, 'ascii'));
  const extensions = [
    extension(ids.keyUsage, keyUsage(0x80, 7)),
    plain(ids.extendedKeyUsage, sequence(ids[usage])),
    plain(ids.subjectKey, tagged(0x04, keyId(publicKey))),
    plain(ids.authorityKey, sequence(tagged(0x80, keyId(intermediate.publicKey)))),
    extension(ids.subjectAltName, sequence(address)),
    plain(ids.issuer, Buffer.from(issuer, 'ascii')),
    plain(ids.issuerText, tagged(0x0c, Buffer.from(issuer, 'utf8'))),
  ];
  const body = (all: readonly Buffer[], serial: Buffer) =>
    encodeBody({
      issuer: encodeName('intermediate'),
      subject: sequence(),
      publicKey,
      validity: { start: notBefore, end: new Date(notBefore.getTime() + lifetimeMs) },
      extensions: all,
      serial,
    });
  const serial = randomBytes(15);
  const { certificateLog: logged = 'logged' } = options;
  if (logged === 'absent') {
    return certify(body(extensions, serial), intermediate);
  }
  const signer = logged === 'forged' ? { ...certificateLog, privateKey: makePair().privateKey } : certificateLog;
  const stamp = stampCertificate(signer, {
    issuer: intermediate,
    body: body(extensions, serial),
    seenAt: notBefore,
  });
  return certify(body([...extensions, plain(ids.certificateTimestamps, tagged(0x04, stamp))], serial), intermediate);
}

/** A list of one signed certificate timestamp (RFC 6962, 3.2 and 3.3). */
function stampCertificate(
  log: Pair,
  { issuer, body, seenAt }: { readonly issuer: Pair; readonly body: Buffer; readonly seenAt: Date },
): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seenAt.getTime()));
  const noExtensions = Buffer.from([0, 0]);
  const preCertificate = Buffer.concat([
    Buffer.from([0, 0]),
    time,
    Buffer.from([0, 1]),
    sha256(spkiOf(issuer.publicKey)),
    lengthOf(body, 3),
    body,
    noExtensions,
  ]);
  const signature = sign('sha256', preCertificate, log.privateKey);
  const stamp = Buffer.concat([
    Buffer.from([0]),
    sha256(spkiOf(log.publicKey)),
    time,
    noExtensions,
    Buffer.from([4, 3]),
    lengthOf(signature, 2),
    signature,
  ]);
  const listed = Buffer.concat([lengthOf(stamp, 2), stamp]);
  return Buffer.concat([lengthOf(listed, 2), listed]);
}

interface BodyParts {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly validity: { readonly start: Date; readonly end: Date };
  readonly extensions: readonly Buffer[];
  readonly serial?: Buffer;
}

function encodeBody({ issuer, subject, publicKey, validity, extensions, serial = randomBytes(15) }: BodyParts): Buffer {
  return sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), serial])),
    sequence(ids.ecdsaWithSha256),
    issuer,
    sequence(encodeTime(validity.start), encodeTime(validity.end)),
    subject,
    spkiOf(publicKey),
    tagged(0xa3, sequence(...extensions)),
  );
}

function certify(body: Buffer, { privateKey }: Pair): Buffer {
  return sequence(body, sequence(ids.ecdsaWithSha256), bitString(sign('sha256', body, privateKey)));
}

function encodeName(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(ids.commonName, tagged(0x0c, Buffer.from(commonName, 'utf8')))));
}

/** Not critical. */
function plain(id: Buffer, value: Buffer): Buffer {
  return sequence(id, tagged(0x04, value));
}

function lengthOf(bytes: Buffer, size: number): Buffer {
  const length = Buffer.alloc(size);
  length.writeUIntBE(bytes.length, 0, size);
  return length;
}

function keyId(publicKey: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(publicKey)).digest();
}

export function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
