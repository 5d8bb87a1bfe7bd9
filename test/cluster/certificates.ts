/**
 * A certificate authority for one test cluster: X.509 certificates with P-256 keys, written as DER (RFC 5280) because node:crypto can
 * sign but not issue. Done in milliseconds and without another program.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bitString, boolean, encodeTime, extension, integer, keyUsage, objectId, sequence, tagged } from './der.ts';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface Subject {
  readonly commonName: string;
  /** Kubernetes reads the organizations of a client certificate as its groups. */
  readonly organization?: string;
  /** DNS names and IPv4 addresses that a server of this certificate may be reached by. */
  readonly hosts?: readonly string[];
}

export interface Authority {
  /** PEM. */
  readonly certificate: string;
  issue(subject: Subject): Certificate;
}

const validityMs = 10 * 365 * 24 * 3600 * 1000;

/** Kind of key that certificates are issued for: P-256 is made at once, RSA of 2048 bits is what kubeadm makes. */
export type KeyKind = 'p256' | 'rsa2048';

/** Makes a new authority; its certificates are valid for ten years from an hour before `now`. */
export function createAuthority(commonName: string, now = new Date(), keys: KeyKind = 'p256'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { commonName };
  const certificate = encodeCertificate({ issuer, subject: issuer, publicKey, isAuthority: true, now }, privateKey);
  return {
    certificate,
    issue(subject) {
      const pair = makePair(keys);
      return {
        certificate: encodeCertificate(
          { issuer, subject, publicKey: pair.publicKey, isAuthority: false, now },
          privateKey,
        ),
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

function makePair(kind: KeyKind): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return kind === 'p256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** A P-256 key as PEM (SEC 1), the form that the API server takes for ServiceAccount tokens. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    .export({ type: 'sec1', format: 'pem' })
    .toString();
}

interface Contents {
  readonly issuer: Subject;
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly isAuthority: boolean;
  readonly now: Date;
}

function encodeCertificate(contents: Contents, signer: KeyObject): string {
  const algorithm = sequence(objectIds.ecdsaWithSha256);
  const start = new Date(contents.now.getTime() - 3600 * 1000);
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    encodeName(contents.issuer),
    sequence(encodeTime(start), encodeTime(new Date(start.getTime() + validityMs))),
    encodeName(contents.subject),
    contents.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...encodeExtensions(contents))),
  );
  const signature = sign('sha256', body, { key: signer, dsaEncoding: 'der' });
  const text = sequence(body, algorithm, bitString(signature)).toString('base64');
  const lines = text.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function encodeExtensions({ subject, isAuthority }: Contents): Buffer[] {
  if (isAuthority) {
    return [
      extension(objectIds.basicConstraints, sequence(boolean(true))),
      extension(objectIds.keyUsage, keyUsage(0x06, 1)),
    ];
  }
  const extensions = [
    extension(objectIds.keyUsage, keyUsage(0x80, 7)),
    extension(objectIds.extendedKeyUsage, sequence(objectIds.serverAuth, objectIds.clientAuth)),
  ];
  if (subject.hosts !== undefined) {
    extensions.push(extension(objectIds.subjectAltName, sequence(...subject.hosts.map(encodeHost))));
  }
  return extensions;
}

function encodeHost(host: string): Buffer {
  return isIPv4(host)
    ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
    : tagged(0x82, Buffer.from(host, 'ascii'));
}

function encodeName(subject: Subject): Buffer {
  const parts = [attribute(objectIds.commonName, subject.commonName)];
  if (subject.organization !== undefined) {
    parts.unshift(attribute(objectIds.organization, subject.organization));
  }
  return sequence(...parts);
}

function attribute(id: Buffer, value: string): Buffer {
  return tagged(0x31, sequence(id, tagged(0x0c, Buffer.from(value, 'utf8'))));
}

const objectIds = {
  ecdsaWithSha256: objectId('2a8648ce3d040302'),
  commonName: objectId('550403'),
  organization: objectId('55040a'),
  basicConstraints: objectId('551d13'),
  keyUsage: objectId('551d0f'),
  extendedKeyUsage: objectId('551d25'),
  subjectAltName: objectId('551d11'),
  serverAuth: objectId('2b06010505070301'),
  clientAuth: objectId('2b06010505070302'),
};
