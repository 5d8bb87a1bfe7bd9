/** `headgate verify` on images that the real cosign has signed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signWithoutLog } from '../../test/signatures/cosign.ts';
import { pushBundles, type SignedImage } from '../../test/signatures/push-signatures.ts';
import { keylessBundle } from '../../test/signatures/signatures.ts';
import {
  actions,
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
} from '../../test/signatures/signing-stage.ts';
import { runProgram } from './program.ts';

let stage: SigningStage;
let signed: SignedImage;
let unsigned: SignedImage;
let keyFile: string;
let rootFile: string;
let otherRootFile: string;

beforeAll(async () => {
  stage = await openSigningStage();
  [signed, unsigned] = [await stage.newImage(), await stage.newImage()];
  keyFile = await stage.cosign.file('cosign.pub', publicPem(signer));
  rootFile = await stage.cosign.file('root.json', sigstore.trustedRoot);
  otherRootFile = await stage.cosign.file('other.json', otherSigstore.trustedRoot);
  await pushBundles(signed, [keylessBundle(signed, trusted)]);
  const key = await stage.cosign.importKey('cosign', privatePem(signer));
  await stage.cosign.run('sign', ...signWithoutLog, '--key', key, nameOf(signed));
}, 1_200_000);

afterAll(async () => {
  await stage.close();
});

async function headgate(...words: readonly string[]) {
  const said = { out: '', error: '' };
  const code = await runProgram(['verify', ...words], {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text;
    },
    signal: AbortSignal.timeout(20_000),
  });
  return { code, ...said };
}

const identity = ['--certificate-identity-regexp', 'https://github\\.com/org/.*', '--certificate-oidc-issuer', actions];

test('by key, with a tag', async () => {
  const image = `${signed.host}/${signed.repository}:1.0.0`;

  expect(await headgate(image, '--insecure', '--key', keyFile)).toEqual({
    code: 0,
    out: `Verified: ${image} ${signed.digest}: signed by ${keyFile}\n`,
    error: '',
  });
});

test('by identity, as JSON', async () => {
  const words = ['--insecure', '--trusted-root', rootFile, ...identity, '--output', 'json'];
  const { code, out } = await headgate(nameOf(signed), ...words);

  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ kind: 'Verified', digest: signed.digest, by: [`${workflow} of ${actions}`] });
});

test('what is not verified ends with 1 and the reason', async () => {
  const byKey = await headgate(nameOf(unsigned), '--insecure', '--key', keyFile);
  const byIdentity = await headgate(nameOf(signed), '--insecure', '--trusted-root', otherRootFile, ...identity);
  const attested = await headgate(nameOf(signed), '--insecure', '--key', keyFile, '--attestation', 'spdx');

  expect(byKey).toMatchObject({ code: 1, out: expect.stringContaining('no trusted signature: there is none') });
  expect(byIdentity).toMatchObject({ code: 1, out: expect.stringContaining('Unverified: ') });
  expect(attested).toMatchObject({
    code: 1,
    out: expect.stringContaining('no trusted attestation https://spdx.dev/Document'),
  });
});

test('what is no image, or no key, is an error', async () => {
  const missing = await headgate(`${signed.host}/${signed.repository}:9.9.9`, '--insecure', '--key', keyFile);
  const noKey = await headgate(nameOf(signed), '--insecure', '--key', rootFile);

  expect(missing).toMatchObject({ code: 1, error: expect.stringContaining('there is no tag "9.9.9"') });
  expect(noKey).toMatchObject({ code: 1, error: expect.stringContaining('is no public key (PEM') });
});

test.each([
  { words: [], says: 'give either --key, or --certificate-identity and --certificate-oidc-issuer' },
  { words: ['--key', 'a', '--certificate-identity', 'b'], says: 'give either --key, or' },
  { words: ['--certificate-identity', 'b'], says: 'an identity is only one together with who vouches for it' },
  {
    words: ['--certificate-identity', 'a', '--certificate-identity-regexp', 'b'],
    says: 'give either --certificate-identity or',
  },
  { words: identity, says: 'with --trusted-root' },
  { words: ['--key', 'a', '--transparency-log'], says: 'with --trusted-root' },
  { words: ['--key', 'a', '--no-signature'], says: '--no-signature needs an --attestation' },
  { words: ['--key', 'no-such-file'], says: 'read no-such-file' },
])('wrong use: $words', async ({ words, says }) => {
  expect(await headgate('ghcr.io/org/web', ...words)).toMatchObject({ code: 2, error: expect.stringContaining(says) });
});
