/**
 * What is signed wrongly, and what is signed rightly among it, judged by the real cosign too: what it accepts is accepted, what it refuses is
 * refused. Where Headgate is stricter the row says why.
 */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { pushBundles, pushLayers, type SignedImage } from '../../../test/signatures/push-signatures.ts';
import {
  encodeEnvelope,
  type KeylessOptions,
  keyBundle,
  keyLayer,
  keylessBundle,
  keylessLayer,
  type Statement,
} from '../../../test/signatures/signatures.ts';
import {
  actions,
  byIdentity,
  byKey,
  openSigningStage,
  otherSigstore,
  type SigningStage,
  signer,
  sigstore,
  trusted,
  workflow,
} from '../../../test/signatures/signing-stage.ts';
import { exactly, matching } from '../../core/signature/signature-policy.ts';
import type { SignatureVerdict } from '../../engine/ports/signatures.ts';

// The real cosign takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let stage: SigningStage;
beforeAll(async () => {
  stage = await openSigningStage();
}, 1_200_000);
afterAll(async () => {
  await stage.close();
});

interface Row {
  readonly name: string;
  readonly push: (image: SignedImage) => Promise<void>;
  /** A part of the reason; none: it is verified. */
  readonly reason?: string;
  readonly cosign: 'accepts' | 'refuses';
}

const anotherImage = `sha256:${'ab'.repeat(32)}`;
const layers = (...made: ((image: Statement) => ReturnType<typeof keyLayer>)[]) => {
  return (image: SignedImage) =>
    pushLayers(
      image,
      made.map((make) => make(image)),
    );
};
const bundles = (...made: ((image: Statement) => object)[]) => {
  return (image: SignedImage) =>
    pushBundles(
      image,
      made.map((make) => make(image)),
    );
};
const many = <T>(count: number, one: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => one(index));
const other = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const keyRows: Row[] = [
  {
    name: 'no signature',
    push: async () => undefined,
    reason: 'no trusted signature: there is none',
    cosign: 'refuses',
  },
  {
    name: 'a layer about another image',
    push: layers(() => keyLayer({ digest: anotherImage }, signer.privateKey)),
    reason: `it is about ${anotherImage}`,
    cosign: 'refuses',
  },
  {
    name: 'a bundle about another image',
    push: bundles(() => keyBundle({ digest: anotherImage }, signer.privateKey)),
    reason: `it is about ${anotherImage}`,
    cosign: 'refuses',
  },
  {
    name: 'sixty bogus layers before a good one',
    push: layers(...many(60, () => (image: Statement) => keyLayer(image, other())), (image) =>
      keyLayer(image, signer.privateKey),
    ),
    cosign: 'accepts',
  },
  {
    name: 'twenty bogus bundles before a good one',
    push: bundles(...many(20, () => (image: Statement) => keyBundle(image, other())), (image) =>
      keyBundle(image, signer.privateKey),
    ),
    cosign: 'accepts',
  },
  {
    name: 'a bundle that is none before a good one',
    push: bundles(
      () => ({ mediaType: 7 }),
      () => [],
      (image) => keyBundle(image, signer.privateKey),
    ),
    cosign: 'accepts',
  },
  {
    name: 'a layer without signature',
    push: layers((image) => ({ ...keyLayer(image, signer.privateKey), annotations: {} })),
    reason: 'it has no signature',
    cosign: 'refuses',
  },
  {
    name: 'an envelope of another type',
    push: bundles((image) => keyBundle({ ...image, payloadType: 'text/plain' }, signer.privateKey)),
    reason: 'the signed text is of type "text/plain"',
    cosign: 'refuses',
  },
  {
    name: 'an envelope whose type was changed after signing',
    push: bundles((image) => retyped(keyBundle({ ...image, payloadType: 'text/plain' }, signer.privateKey))),
    reason: 'it was not made with the key',
    cosign: 'refuses',
  },
  {
    name: 'the bytes of an envelope signed as a layer',
    push: layers((image) => signedAsLayer(keyBundle(image, signer.privateKey))),
    reason: 'the signed text is no signature of an image',
    cosign: 'refuses',
  },
  {
    name: 'a statement of an unknown version (cosign does not look at it)',
    push: bundles((image) => keyBundle({ ...image, type: 'https://example.test/Statement' }, signer.privateKey)),
    reason: 'the signed text is no in-toto statement',
    cosign: 'accepts',
  },
  {
    name: 'a text of another kind that names the digest (cosign does not look at the type)',
    push: layers((image) => keyLayer({ ...image, type: 'order of spare parts' }, signer.privateKey)),
    reason: 'the signed text is no signature of an image',
    cosign: 'accepts',
  },
  {
    name: 'what podman signs',
    push: layers((image) => keyLayer({ ...image, type: 'atomic container signature' }, signer.privateKey)),
    cosign: 'accepts',
  },
  {
    name: 'a report of weaknesses for a signature (cosign takes any statement)',
    push: bundles((image) =>
      keyBundle({ ...image, predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1' }, signer.privateKey),
    ),
    reason: 'it is an attestation https://cosign.sigstore.dev/attestation/vuln/v1, which is not asked for',
    cosign: 'accepts',
  },
];

test.each(keyRows)('by key: $name', async ({ push, reason, cosign: says }) => {
  const image = await stage.newImage();
  await push(image);

  const judged = await stage.cosignByKey(image);
  expect(judged === 'accepted' ? 'accepts' : 'refuses', judged).toBe(says);
  expectVerdict(await stage.verify(image, byKey), reason);
});

const both = (name: string, options: Partial<KeylessOptions>, reason: string): Row[] => [
  {
    name: `${name}, bundle`,
    push: bundles((image) => keylessBundle(image, { ...trusted, ...options })),
    reason,
    cosign: 'refuses',
  },
  {
    name: `${name}, layer`,
    push: layers((image) => keylessLayer(image, { ...trusted, ...options })),
    reason,
    cosign: 'refuses',
  },
];

const identityRows: Row[] = [
  ...both('somebody else', { subject: 'https://github.com/evil/app' }, 'who is not trusted'),
  ...both('one whose name begins so', { subject: `${workflow}.evil` }, 'who is not trusted'),
  ...both('vouched for by somebody else', { issuer: 'https://issuer.test' }, 'who is not trusted'),
  ...both('vouched for by one whose name begins so', { issuer: `${actions}.evil.test` }, 'who is not trusted'),
  ...both('an e-mail address', { subject: 'release@org.test' }, 'who is not trusted'),
  ...both('logged after the certificate had expired', { loggedAfterMs: 11 * 60_000 }, 'expired at the specified date'),
  ...both('logged before the certificate was issued', { loggedAfterMs: -60_000 }, 'expired at the specified date'),
  ...both('of another authority', { instance: otherSigstore, logInstance: sigstore }, 'certificate chain'),
  ...both('in another log', { logInstance: otherSigstore }, 'inclusion promise could not be verified'),
  ...both('in no log', { entry: 'absent' }, 'expected 1 timestamps, got 0'),
  ...both('with the log entry of another key', { entry: 'of another key' }, 'is about another key'),
  ...both('with the log entry of another text', { entry: 'of another text' }, 'mismatch'),
  ...both('with the certificate of a web server', { usage: 'serverAuth' }, 'its certificate is not for signing code'),
  ...both('with a certificate in no log', { certificateLog: 'absent' }, 'expected 1 SCTs, got 0'),
  ...both('with a certificate whose log is forged', { certificateLog: 'forged' }, 'SCT verification failed'),
  {
    name: 'a key, bundle',
    push: bundles((image) => keyBundle(image, signer.privateKey)),
    reason: 'it was made with a key, not with a certificate',
    cosign: 'refuses',
  },
  {
    name: 'a key, layer',
    push: layers((image) => keyLayer(image, signer.privateKey)),
    reason: 'it was made with a key, not with a certificate',
    cosign: 'refuses',
  },
  {
    name: 'another image, bundle',
    push: bundles(() => keylessBundle({ digest: anotherImage }, trusted)),
    reason: `it is about ${anotherImage}`,
    cosign: 'refuses',
  },
  {
    name: 'bogus ones before a good one',
    push: bundles(
      (image) => keylessBundle(image, { ...trusted, entry: 'absent' }),
      (image) => keylessBundle(image, { ...trusted, instance: otherSigstore }),
      (image) => keylessBundle(image, trusted),
    ),
    cosign: 'accepts',
  },
];

test.each(identityRows)('by identity: $name', async ({ push, reason, cosign: says }) => {
  const image = await stage.newImage();
  await push(image);

  const judged = await stage.cosignByIdentity(image);
  expect(judged === 'accepted' ? 'accepts' : 'refuses', judged).toBe(says);
  expectVerdict(await stage.verify(image, byIdentity), reason);
});

test.each([
  { subject: workflow, cosign: 'accepted', verdict: 'Verified' },
  // Found in it is enough for cosign; for Headgate a pattern is one of the whole text.
  { subject: `https://evil.test/?${workflow}`, cosign: 'accepted', verdict: 'Unverified' },
])('a pattern for $subject', async ({ subject, cosign: says, verdict }) => {
  const image = await stage.newImage();
  await pushBundles(image, [keylessBundle(image, { ...trusted, subject })]);
  const pattern = 'https://github\\.com/org/.*';
  const identities = [{ issuer: exactly(actions), subject: matching(pattern, 'subjectPattern') }];

  const words = ['--certificate-identity-regexp', pattern, '--certificate-oidc-issuer', actions];
  expect(await stage.cosignByIdentity(image, ...words)).toBe(says);
  expect(await stage.verify(image, { ...byIdentity, signers: { kind: 'Identities', identities } })).toMatchObject({
    kind: verdict,
  });
});

function expectVerdict(verdict: SignatureVerdict, reason: string | undefined): void {
  expect(verdict.kind === 'Unverified' ? verdict.reason : '').toContain(reason ?? '');
  expect(verdict.kind).toBe(reason === undefined ? 'Verified' : 'Unverified');
}

/** Says that it is of a type that it was not signed as. */
function retyped(bundle: object): object {
  const { dsseEnvelope, ...rest } = { dsseEnvelope: {}, ...bundle };
  return { ...rest, dsseEnvelope: { ...dsseEnvelope, payloadType: 'application/vnd.in-toto+json' } };
}

/** Takes what was signed as an envelope for a text of the first layout. */
function signedAsLayer(bundle: object): ReturnType<typeof keyLayer> {
  const { dsseEnvelope } = JSON.parse(JSON.stringify(bundle));
  const { payload, payloadType, signatures } = dsseEnvelope;
  const text = Buffer.from(payload, 'base64');
  const blob = encodeEnvelope(payloadType, text);
  return { blob, annotations: { 'dev.cosignproject.cosign/signature': signatures[0].sig } };
}
