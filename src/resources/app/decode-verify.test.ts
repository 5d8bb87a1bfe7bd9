import { describe, expect, test } from 'vitest';
import { decodeVerify } from './decode-verify.ts';
import type { VerifyWire } from './verify.ts';

const keySecretRef = { name: 'cosign' };
const identity = { issuer: 'https://issuer.test', subject: 'release@org.test' };
const trustedRootRef = { name: 'sigstore' };

test('by key', () => {
  expect(decodeVerify({ keySecretRef }, 'verify')).toEqual({
    signers: { kind: 'Keys', secret: 'cosign' },
    signature: 'Required',
    transparencyLog: 'Ignored',
    predicateTypes: [],
    trustedRoot: undefined,
  });
});

test('by identity, with everything', () => {
  const written: VerifyWire = {
    identities: [identity, { issuerPattern: 'https://.*', subjectPattern: '.*@org\\.test' }],
    trustedRootRef: { ...trustedRootRef, kind: 'Secret' },
    signature: 'Ignored',
    attestations: ['slsaprovenance1', 'https://example.test/own'],
  };

  expect(decodeVerify(written, 'verify')).toMatchObject({
    signers: {
      kind: 'Identities',
      identities: [
        {
          issuer: { kind: 'Exact', text: 'https://issuer.test' },
          subject: { kind: 'Exact', text: 'release@org.test' },
        },
        {
          issuer: { kind: 'Pattern', pattern: { text: 'https://.*' } },
          subject: { kind: 'Pattern', pattern: { text: '.*@org\\.test' } },
        },
      ],
    },
    signature: 'Ignored',
    transparencyLog: 'Required',
    predicateTypes: ['https://slsa.dev/provenance/v1', 'https://example.test/own'],
    trustedRoot: { kind: 'Secret', name: 'sigstore' },
  });
});

describe('is refused:', () => {
  test.each<{ written: VerifyWire; says: string }>([
    { written: {}, says: 'verify: exactly one of keySecretRef and identities must be set' },
    { written: { keySecretRef, identities: [identity] }, says: 'verify: exactly one of keySecretRef and identities' },
    { written: { identities: [], trustedRootRef }, says: 'verify: exactly one of keySecretRef and identities' },
    { written: { identities: [identity] }, says: 'verify.trustedRootRef: is missing; name the ConfigMap or Secret' },
    { written: { keySecretRef, transparencyLog: 'Required' }, says: 'verify.trustedRootRef: is missing' },
    { written: { keySecretRef, signature: 'Ignored' }, says: 'verify.signature: "Ignored" without attestations' },
    {
      written: { identities: [{ subject: 'a' }], trustedRootRef },
      says: 'verify.identities[0].issuer: exactly one of',
    },
    {
      written: { identities: [identity, { ...identity, subjectPattern: 'a' }], trustedRootRef },
      says: 'verify.identities[1].subject: exactly one of',
    },
    {
      written: { identities: [{ issuer: 'a', subjectPattern: '(' }], trustedRootRef },
      says: 'verify.identities[0].subjectPattern',
    },
  ])('$written', ({ written, says }) => {
    expect(() => decodeVerify(written, 'verify')).toThrow(says);
  });
});
