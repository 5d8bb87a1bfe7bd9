/** For `headgate verify`: asks a registry for the signatures of one image, without a cluster. */
import { createSignatureVerifier } from '../../adapters/signature/verifier.ts';
import { OperationError } from '../../core/errors.ts';
import { type ImageReference, parseImageReference } from '../../core/image/reference.ts';
import type { SignaturePolicy } from '../../core/signature/signature-policy.ts';
import type { Registry, RegistryAccess } from '../../engine/ports/registry.ts';
import type { SignatureVerdict } from '../../engine/ports/signatures.ts';
import { systemClock } from '../../kube/clock.ts';
import { createLogger } from '../../telemetry/log.ts';
import { openRegistries, type RegistrySettings, readRegistrySetup } from '../sources/registry-setup.ts';
import { readTextFile } from './read-text-file.ts';

export interface VerifyImageRequest {
  readonly image: string;
  readonly policy: SignaturePolicy;
  /** Files with public keys. */
  readonly keyFiles: readonly string[];
  readonly trustedRootFile: string | undefined;
  /** Plain http. */
  readonly insecure: boolean;
  readonly registries: RegistrySettings;
}

const maxFileBytes = 1_048_576;

/**
 * Looks for what the policy asks for.
 *
 * Signs in as docker does for the person who runs it.
 *
 * @throws USAGE, REFERENCE_INVALID, SECRET_INVALID, and the errors of the registry client
 */
export async function verifyImage(
  request: VerifyImageRequest,
  signal: AbortSignal,
): Promise<SignatureVerdict & { readonly digest: string }> {
  const reference = parseImageReference(request.image);
  const trust = await readTrust(request, signal);
  const setup = readRegistrySetup(request.registries, { clock: systemClock, dockerConfig: 'OfUser' });
  const registries = openRegistries(setup, createLogger('warn', process.stderr));
  const access: RegistryAccess = { insecure: request.insecure };
  try {
    const digest = await digestOf(registries.registry, reference, access, signal);
    const verifier = createSignatureVerifier(registries.content, systemClock);
    const { policy } = request;
    const verdict = await verifier.verify({ place: { repository: reference, access }, digest, policy, trust }, signal);
    return { digest, ...verdict };
  } finally {
    await registries.close();
  }
}

async function readTrust({ keyFiles, trustedRootFile }: VerifyImageRequest, signal: AbortSignal) {
  const read = (path: string) => readTextFile(path, maxFileBytes, signal);
  return {
    keys: await Promise.all(keyFiles.map(async (name) => ({ name, pem: await read(name) }))),
    trustedRoot: trustedRootFile === undefined ? undefined : await read(trustedRootFile),
  };
}

async function digestOf(
  client: Registry,
  reference: ImageReference,
  access: RegistryAccess,
  signal: AbortSignal,
): Promise<string> {
  const { tag = 'latest' } = reference;
  const digest = reference.digest ?? (await client.findDigest(reference, tag, access, signal));
  if (digest === undefined) {
    throw new OperationError(`verify ${reference.registry}/${reference.path}: there is no tag "${tag}"`, {
      code: 'REGISTRY_NOT_FOUND',
      retry: 'never',
    });
  }
  return digest;
}
