/** Two real registries, cosign, and a Sigstore of one's own, for tests that sign and verify. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createRegistryClient } from '../../src/adapters/registry/client.ts';
import { createSignatureVerifier } from '../../src/adapters/signature/verifier.ts';
import { exactly, type SignaturePolicy } from '../../src/core/signature/signature-policy.ts';
import type { SignatureVerdict, SignatureVerifier } from '../../src/engine/ports/signatures.ts';
import { startCraneRegistry } from '../servers/crane-registry.ts';
import { startRegistry } from '../servers/registry.ts';
import { type Cosign, openCosign } from './cosign.ts';
import { pushTinyImage, type SignedImage } from './push-signatures.ts';
import type { KeylessOptions } from './signatures.ts';
import { createSigstoreInstance } from './sigstore-instance.ts';

export interface SigningStage {
  readonly cosign: Cosign;
  readonly verifier: SignatureVerifier;
  /** Without the referrers API: clients keep an index under a tag. */
  readonly distribution: string;
  /** With the referrers API. */
  readonly crane: string;
  /** An image in a repository of its own; in the first registry when none is named. */
  newImage(host?: string): Promise<SignedImage>;
  /** @param pem the public key to trust; `signer` when absent */
  verify(image: SignedImage, policy: SignaturePolicy, pem?: string): Promise<SignatureVerdict>;
  /** The same question to cosign, for policies by a key. */
  cosignByKey(image: SignedImage, pem?: string, ...words: readonly string[]): Promise<string>;
  /** The same for policies by an identity; `words` in place of the trusted one. */
  cosignByIdentity(image: SignedImage, ...words: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export const signer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const sigstore = createSigstoreInstance();
export const otherSigstore = createSigstoreInstance();
export const workflow = 'https://github.com/org/app/.github/workflows/release.yml@refs/heads/main';
export const actions = 'https://token.actions.githubusercontent.com';
const signedAt = new Date(Date.now() - 24 * 3_600_000);

/** Who is trusted by `byIdentity`. */
export const trusted: KeylessOptions = { instance: sigstore, signedAt, subject: workflow, issuer: actions };

export const byKey: SignaturePolicy = {
  signers: { kind: 'Keys', secret: 'keys' },
  signature: 'Required',
  transparencyLog: 'Ignored',
  predicateTypes: [],
  trustedRoot: undefined,
};

export const byIdentity: SignaturePolicy = {
  ...byKey,
  signers: { kind: 'Identities', identities: [{ issuer: exactly(actions), subject: exactly(workflow) }] },
  transparencyLog: 'Required',
};

export async function openSigningStage(): Promise<SigningStage> {
  const clock = { now: () => new Date() };
  const client = createRegistryClient({ clock });
  const verifier = createSignatureVerifier(client, clock);
  const [distribution, crane, cosign] = await Promise.all([startRegistry(), startCraneRegistry(), openCosign()]);
  const rootFile = await cosign.file('trusted_root.json', sigstore.trustedRoot);
  const judge = (image: SignedImage, words: readonly string[]) =>
    cosign.judge('verify', '--allow-http-registry', ...words, nameOf(image));
  const trustedIdentity = ['--certificate-identity', workflow, '--certificate-oidc-issuer', actions];
  let images = 0;
  return {
    cosign,
    verifier,
    distribution: distribution.host,
    crane: crane.host,
    async newImage(host = distribution.host) {
      images += 1;
      const repository = `signed/app-${images}`;
      return { host, repository, digest: await pushTinyImage(host, repository, '1.0.0') };
    },
    async verify({ host, repository, digest }, policy, pem = publicPem(signer)) {
      const place = { repository: { registry: host, path: repository }, access: { insecure: true } };
      const trust = { keys: [{ name: 'cosign.pub', pem }], trustedRoot: sigstore.trustedRoot };
      return await verifier.verify({ place, digest, policy, trust }, new AbortController().signal);
    },
    async cosignByKey(image, pem = publicPem(signer), ...words) {
      const file = await cosign.file(`${image.repository.replace('/', '-')}.pub`, pem);
      return await judge(image, ['--key', file, '--insecure-ignore-tlog', ...words]);
    },
    cosignByIdentity: (image, ...words) =>
      judge(image, ['--trusted-root', rootFile, '--offline', ...(words.length > 0 ? words : trustedIdentity)]),
    async close() {
      await Promise.all([client.close(), distribution.stop(), crane.stop(), cosign.close()]);
    },
  };
}

export function nameOf({ host, repository, digest }: SignedImage): string {
  return `${host}/${repository}@${digest}`;
}

export function publicPem({ publicKey }: { readonly publicKey: KeyObject }): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

export function privatePem({ privateKey }: { readonly privateKey: KeyObject }): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
