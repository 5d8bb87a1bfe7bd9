/** Signatures by an identity that are in no log, but stamped by an authority; judged by the real cosign too. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushBundles, pushLayers, type SignedImage } from '../../../test/signatures/push-signatures.ts';
import { keylessBundle, keylessLayer } from '../../../test/signatures/signatures.ts';
import {
  actions,
  byIdentity,
  nameOf,
  openSigningStage,
  type SigningStage,
  sigstore,
  trusted,
  workflow,
} from '../../../test/signatures/signing-stage.ts';
import { openTimestampAuthority, type TimestampAuthority } from '../../../test/signatures/timestamp-authority.ts';

let stage: SigningStage;
let authority: TimestampAuthority;
let trustedRoot: string;

beforeAll(async () => {
  [stage, authority] = await Promise.all([openSigningStage(), openTimestampAuthority()]);
  trustedRoot = JSON.stringify({ ...JSON.parse(sigstore.trustedRoot), timestampAuthorities: [authority.description] });
}, 1_200_000);

afterAll(async () => {
  await Promise.all([stage.close(), authority.close()]);
});

/** The authority knows only the present time. */
const signer = { ...trusted, entry: 'absent' as const };
const justNow = () => ({ ...signer, signedAt: new Date(Date.now() - 60_000) });
const longAgo = () => signer;
const another = () => Buffer.from('another signature');

async function stampedBundle(image: SignedImage, options: typeof signer, bytes?: Buffer): Promise<void> {
  const { verificationMaterial, dsseEnvelope, ...rest } = JSON.parse(JSON.stringify(keylessBundle(image, options)));
  const stamp = await authority.stamp(bytes ?? Buffer.from(dsseEnvelope.signatures[0].sig, 'base64'));
  const timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp: stamp.toString('base64') }] };
  const material = { ...verificationMaterial, timestampVerificationData };
  await pushBundles(image, [{ ...rest, dsseEnvelope, verificationMaterial: material }]);
}

async function stampedLayer(image: SignedImage, options: typeof signer, bytes?: Buffer): Promise<void> {
  const { blob, annotations } = keylessLayer(image, options);
  const signature = Buffer.from(annotations['dev.cosignproject.cosign/signature'] ?? '', 'base64');
  const stamp = await authority.stamp(bytes ?? signature);
  const timestamp = JSON.stringify({ SignedRFC3161Timestamp: stamp.toString('base64') });
  await pushLayers(image, [
    { blob, annotations: { ...annotations, 'dev.sigstore.cosign/rfc3161timestamp': timestamp } },
  ]);
}

test.each([
  { name: 'stamped, bundle', push: (image: SignedImage) => stampedBundle(image, justNow()), reason: undefined },
  { name: 'stamped, layer', push: (image: SignedImage) => stampedLayer(image, justNow()), reason: undefined },
  {
    name: 'stamped after its certificate had expired, bundle',
    push: (image: SignedImage) => stampedBundle(image, longAgo()),
    reason: 'expired at the specified date',
  },
  {
    name: 'stamped after its certificate had expired, layer',
    push: (image: SignedImage) => stampedLayer(image, longAgo()),
    reason: 'expired at the specified date',
  },
  {
    name: 'with the stamp of another, bundle',
    push: (image: SignedImage) => stampedBundle(image, justNow(), another()),
    reason: 'timestamp could not be verified',
  },
  {
    name: 'with the stamp of another, layer',
    push: (image: SignedImage) => stampedLayer(image, justNow(), another()),
    reason: 'timestamp could not be verified',
  },
])('$name', async ({ push, reason }) => {
  const image = await stage.newImage();
  await push(image);
  const rootFile = await stage.cosign.file('stamped-root.json', trustedRoot);
  const identity = ['--certificate-identity', workflow, '--certificate-oidc-issuer', actions];
  const words = [
    '--allow-http-registry',
    '--trusted-root',
    rootFile,
    '--use-signed-timestamps',
    '--insecure-ignore-tlog',
  ];
  const place = { repository: { registry: image.host, path: image.repository }, access: { insecure: true } };
  const request = {
    place,
    digest: image.digest,
    policy: { ...byIdentity, transparencyLog: 'Ignored' as const },
    trust: { keys: [], trustedRoot },
  };

  const judged = await stage.cosign.judge('verify', ...words, ...identity, nameOf(image));
  const verdict = await stage.verifier.verify(request, new AbortController().signal);

  expect(judged === 'accepted', judged).toBe(reason === undefined);
  expect(verdict).toMatchObject(
    reason === undefined ? { kind: 'Verified' } : { kind: 'Unverified', reason: expect.stringContaining(reason) },
  );
});
