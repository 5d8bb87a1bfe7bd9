import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSigstoreInstance } from '../../../test/signatures/sigstore-instance.ts';
import { compileTrust } from './trust.ts';

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function trustKey(pem: string) {
  return compileTrust({ keys: [{ name: 'cosign.pub', pem }], trustedRoot: undefined });
}

test.each([
  { kind: 'ECDSA P-256', pem: spki(p256.publicKey) },
  { kind: 'ECDSA P-384', pem: spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey) },
  { kind: 'Ed25519', pem: spki(generateKeyPairSync('ed25519').publicKey) },
  { kind: 'RSA', pem: spki(rsa(2048).publicKey) },
  { kind: 'RSA, PKCS #1', pem: rsa(2048).publicKey.export({ type: 'pkcs1', format: 'pem' }).toString() },
])('a key of type $kind is taken', ({ pem }) => {
  expect(trustKey(pem).keys).toMatchObject([{ name: 'cosign.pub' }]);
});

test.each([
  {
    kind: 'a private key',
    pem: p256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    says: 'is no public key (PEM',
  },
  {
    kind: 'both halves',
    pem: `${spki(p256.publicKey)}${p256.privateKey.export({ type: 'sec1', format: 'pem' })}`,
    says: 'is no public key (PEM',
  },
  { kind: 'no PEM', pem: 'ssh-ed25519 AAAA', says: 'is no public key (PEM' },
  { kind: 'a broken one', pem: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', says: 'cannot be read' },
  { kind: 'a short RSA key', pem: spki(rsa(1024).publicKey), says: 'is a key of type rsa 1024; use ECDSA' },
  { kind: 'X25519', pem: spki(generateKeyPairSync('x25519').publicKey), says: 'is a key of type x25519; use ECDSA' },
  {
    kind: 'another curve',
    pem: spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
    says: 'is a key of type ec secp256k1; use',
  },
])('$kind is refused', ({ pem, says }) => {
  const refusal = expect.objectContaining({ code: 'SECRET_INVALID', message: expect.stringContaining(says) });

  expect(() => trustKey(pem)).toThrow(refusal);
});

test.each([
  { name: 'no JSON', text: 'trusted', says: 'is no Sigstore TrustedRoot' },
  { name: 'an empty one', text: '{}', says: 'names 0 authorities and logs' },
  {
    name: 'a certificate that is none',
    text: '{"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"AAAA"}]}}]}',
    says: 'is no Sigstore TrustedRoot',
  },
  { name: 'an endless one', text: ' '.repeat(1_048_577), says: 'has 1048577 characters' },
])('a trusted root that is $name is refused', ({ text, says }) => {
  const refusal = expect.objectContaining({ code: 'SECRET_INVALID', message: expect.stringContaining(says) });

  expect(() => compileTrust({ keys: [], trustedRoot: text })).toThrow(refusal);
});

test('a trusted root is read', () => {
  const { material } = compileTrust({ keys: [], trustedRoot: createSigstoreInstance().trustedRoot });

  expect([material.certificateAuthorities, material.tlogs, material.ctlogs].map((some) => some.length)).toEqual([
    1, 1, 1,
  ]);
});
