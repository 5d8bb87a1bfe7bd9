/** What the real cosign signs, in both of its layouts, in registries with and without the referrers API. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startCraneRegistry } from '../../../test/servers/crane-registry.ts';
import { oldLayout, signWithoutLog } from '../../../test/signatures/cosign.ts';
import { pushBundles, pushLayers, type SignedImage } from '../../../test/signatures/push-signatures.ts';
import { keyLayer, keylessBundle, keylessLayer, loggedKeyBundle } from '../../../test/signatures/signatures.ts';
import {
  actions,
  byIdentity,
  byKey,
  nameOf,
  openSigningStage,
  otherSigstore,
  privatePem,
  publicPem,
  type SigningStage,
  signer,
  sigstore,
  trusted,
  workflow,
} from '../../../test/signatures/signing-stage.ts';
import type { SignaturePolicy } from '../../core/signature/signature-policy.ts';

const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

// The real cosign takes seconds for each signature on a busy machine.
vi.setConfig({ testTimeout: 90_000 });
let stage: SigningStage;
beforeAll(async () => {
  stage = await openSigningStage();
}, 1_200_000);
afterAll(async () => {
  await stage.close();
});

describe.each(['tags for referrers', 'the referrers API'])('in a registry with %s', (kind) => {
  const host = () => (kind === 'the referrers API' ? stage.crane : stage.distribution);
  const kinds = [
    { name: 'ECDSA P-256', pair: signer, hash: 'sha256' },
    { name: 'ECDSA P-384', pair: generateKeyPairSync('ec', { namedCurve: 'P-384' }), hash: 'sha384' },
    { name: 'ECDSA P-521', pair: generateKeyPairSync('ec', { namedCurve: 'P-521' }), hash: 'sha512' },
    { name: 'RSA', pair: generateKeyPairSync('rsa', { modulusLength: 2048 }), hash: 'sha256' },
  ];

  test.each(
    kinds.flatMap((one) => [
      { ...one, layout: 'a bundle', words: [] },
      { ...one, layout: 'the first layout', words: [oldLayout] },
    ]),
  )(
    'what cosign signs with $name in $layout is verified, by that key alone',
    async ({ name, pair, hash, layout, words }) => {
      const image = await stage.newImage(host());
      const keyFile = await stage.cosign.importKey(`${kind}-${name}-${layout}`.replaceAll(' ', '-'), privatePem(pair));
      await stage.cosign.run('sign', ...signWithoutLog, ...words, '--key', keyFile, nameOf(image));

      // Cosign has to be told the hash that it signed with.
      expect(await stage.cosignByKey(image, publicPem(pair), '--signature-digest-algorithm', hash)).toBe('accepted');
      expect(await stage.verify(image, byKey, publicPem(pair))).toEqual({ kind: 'Verified', by: ['cosign.pub'] });
      expect(await stage.cosignByKey(image, publicPem(otherKey))).not.toBe('accepted');
      expect(await stage.verify(image, byKey, publicPem(otherKey))).toMatchObject({
        kind: 'Unverified',
        reason: expect.stringContaining('it was not made with the key'),
      });
    },
  );

  test.each([
    { layout: 'a bundle', words: [] },
    { layout: 'the first layout', words: [oldLayout] },
  ])('an attestation of cosign in $layout counts for its type alone', async ({ layout, words }) => {
    const image = await stage.newImage(host());
    const keyFile = await stage.cosign.importKey(`${kind}-attest-${layout}`.replaceAll(' ', '-'), privatePem(signer));
    const predicate = await stage.cosign.file('predicate.json', '{"buildDefinition": {}, "runDetails": {}}');
    const about = ['--key', keyFile, '--predicate', predicate, '--type', 'slsaprovenance1'];
    await stage.cosign.run('attest', ...signWithoutLog, ...words, ...about, nameOf(image));
    const provenance = 'https://slsa.dev/provenance/v1';
    const only: SignaturePolicy = { ...byKey, signature: 'Ignored', predicateTypes: [provenance] };

    expect(await stage.verify(image, only)).toMatchObject({ kind: 'Verified' });
    expect(await stage.verify(image, only, publicPem(otherKey))).toMatchObject({ kind: 'Unverified' });
    expect(await stage.verify(image, { ...only, predicateTypes: ['https://spdx.dev/Document'] })).toMatchObject({
      reason: expect.stringContaining('no trusted attestation https://spdx.dev/Document'),
    });
    expect(await stage.verify(image, { ...only, signature: 'Required' })).toMatchObject({
      reason: expect.stringMatching(/^no trusted signature: /),
    });
    await stage.cosign.run('sign', ...signWithoutLog, ...words, '--key', keyFile, nameOf(image));
    stage.verifier.forget({ registry: image.host, path: image.repository });
    expect(await stage.verify(image, { ...only, signature: 'Required' })).toMatchObject({ kind: 'Verified' });
  });

  test.each([
    { layout: 'a bundle', push: (image: SignedImage) => pushBundles(image, [keylessBundle(image, trusted)]) },
    { layout: 'the first layout', push: (image: SignedImage) => pushLayers(image, [keylessLayer(image, trusted)]) },
  ])('a signature by an identity in $layout is verified', async ({ push }) => {
    const image = await stage.newImage(host());
    await push(image);

    expect(await stage.cosignByIdentity(image)).toBe('accepted');
    expect(await stage.verify(image, byIdentity)).toEqual({ kind: 'Verified', by: [`${workflow} of ${actions}`] });
  });
});

test.each(['Ignored', 'Required'] as const)(
  'a pure Ed25519 signature that was attached, log %s',
  async (transparencyLog) => {
    const image = await stage.newImage();
    const pair = generateKeyPairSync('ed25519');
    const payload = await stage.cosign.run('generate', '--allow-http-registry', nameOf(image));
    const text = Buffer.from(payload);
    const files = [
      await stage.cosign.file('payload.json', payload),
      await stage.cosign.file('signature', sign(null, text, pair.privateKey).toString('base64')),
    ];
    const [payloadFile = '', signatureFile = ''] = files;
    await stage.cosign.run(
      'attach',
      'signature',
      '--allow-http-registry',
      '--payload',
      payloadFile,
      '--signature',
      signatureFile,
      nameOf(image),
    );

    expect(await stage.cosignByKey(image, publicPem(pair))).toBe('accepted');
    expect(await stage.verify(image, { ...byKey, transparencyLog }, publicPem(pair))).toMatchObject(
      transparencyLog === 'Required'
        ? { kind: 'Unverified', reason: expect.stringContaining('expected 1 tlog entries, got 0') }
        : { kind: 'Verified' },
    );
  },
);

test.each([
  { log: 'the log', instance: sigstore, cosign: 'accepted', verdict: 'Verified' },
  { log: 'another log', instance: otherSigstore, cosign: expect.stringContaining('Error:'), verdict: 'Unverified' },
])('a signature by a key that $log has seen', async ({ instance, cosign, verdict }) => {
  const image = await stage.newImage();
  await pushBundles(image, [loggedKeyBundle(image, signer, instance)]);
  const keyFile = await stage.cosign.file('logged.pub', publicPem(signer));
  const rootFile = await stage.cosign.file('root.json', sigstore.trustedRoot);
  const words = ['--allow-http-registry', '--offline', '--key', keyFile, '--trusted-root', rootFile];

  expect(await stage.cosign.judge('verify', ...words, nameOf(image))).toEqual(cosign);
  expect(await stage.verify(image, { ...byKey, transparencyLog: 'Required' })).toMatchObject({ kind: verdict });
  expect(await stage.verify(image, byKey)).toMatchObject({ kind: 'Verified' });
});

test('more bogus signatures than are looked at hide a good one, and the reason says so', async () => {
  const image = await stage.newImage();
  const bogus = Array.from({ length: 210 }, () => keyLayer(image, otherKey.privateKey));
  await pushLayers(image, [...bogus, keyLayer(image, signer.privateKey)]);

  expect(await stage.verify(image, byKey)).toMatchObject({
    kind: 'Unverified',
    reason: expect.stringMatching(/it was not made with the key; .*there are too many to look at all of them$/),
  });
});

test('a registry that does not answer says nothing about a signature', async () => {
  const gone = await startCraneRegistry();
  const image = await stage.newImage(gone.host);
  await gone.stop();

  await expect(stage.verify(image, byKey)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
});
