/** Fulfils the engine's SignatureVerifier: cosign's layouts in a registry, checked with @sigstore/verify and node:crypto. */
import { invariant } from '../../core/errors.ts';
import type { Claim } from '../../core/signature/claim.ts';
import {
  describeOpen,
  isWanted,
  type Requirement,
  requirementsOf,
  without,
} from '../../core/signature/requirements.ts';
import type { AttachmentStore } from '../../engine/ports/attachments.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { SignatureVerdict, SignatureVerifier, VerificationRequest } from '../../engine/ports/signatures.ts';
import { checkSignature } from './check-signature.ts';
import { type FoundSignature, findSignatures, type Wants } from './find-signatures.ts';
import { type CompiledTrust, compileTrust } from './trust.ts';
import { rememberVerdicts } from './verdicts.ts';

const shownReasons = 3;

/** One for the process: it remembers what it found. */
export function createSignatureVerifier(store: AttachmentStore, clock: Clock): SignatureVerifier {
  const verdicts = rememberVerdicts(clock);
  return {
    verify: (request, signal) => verdicts.recall(request, () => verifyDigest(store, request, signal)),
    forget: verdicts.forget,
  };
}

async function verifyDigest(
  store: AttachmentStore,
  request: VerificationRequest,
  signal: AbortSignal,
): Promise<SignatureVerdict> {
  const { place, digest, policy } = request;
  const trust = compileTrust(request.trust);
  let open = requirementsOf(policy);
  invariant(open.length > 0, 'a policy that asks for nothing verifies nothing');
  const by = new Set<string>();
  const reasons: string[] = [];
  const wants: Wants = {
    signature: () => open.some(({ kind }) => kind === 'Signature'),
    attestation: (predicateType) => open.length > 0 && isWanted(open, predicateType),
  };
  for await (const found of findSignatures({ store, place, digest, wants, signal })) {
    const judged = judge(found, { request, trust, open });
    if (judged.kind === 'Shown') {
      by.add(judged.by);
      open = without(open, judged.claim);
    } else {
      reasons.push(`${found.where}: ${judged.reason}`);
    }
    if (open.length === 0) {
      return { kind: 'Verified', by: [...by] };
    }
  }
  return { kind: 'Unverified', reason: describeUnverified(open, reasons) };
}

type Judged =
  | { readonly kind: 'Shown'; readonly by: string; readonly claim: Claim }
  | { readonly kind: 'Passed'; readonly reason: string };

function judge(
  { signed }: FoundSignature,
  {
    request,
    trust,
    open,
  }: { readonly request: VerificationRequest; readonly trust: CompiledTrust; readonly open: readonly Requirement[] },
): Judged {
  if (typeof signed === 'string') {
    return { kind: 'Passed', reason: signed };
  }
  const { claim } = signed;
  if (typeof claim === 'string') {
    return { kind: 'Passed', reason: claim };
  }
  if (!claim.digests.includes(request.digest)) {
    return { kind: 'Passed', reason: `it is about ${claim.digests[0]?.slice(0, 80) ?? 'nothing'}` };
  }
  if (without(open, claim).length === open.length) {
    return {
      kind: 'Passed',
      reason: `it is an attestation ${claim.predicateType?.slice(0, 100)}, which is not asked for`,
    };
  }
  const checked = checkSignature(signed, request.policy, trust);
  return checked.kind === 'Trusted'
    ? { kind: 'Shown', by: checked.by, claim }
    : { kind: 'Passed', reason: checked.reason };
}

function describeUnverified(open: readonly Requirement[], reasons: readonly string[]): string {
  const distinct = [...new Set(reasons)];
  const shown = distinct.slice(0, shownReasons).join('; ');
  const more = distinct.length > shownReasons ? `; and ${distinct.length - shownReasons} more` : '';
  return `${describeOpen(open)}${distinct.length === 0 ? ': there is none' : `: ${shown}${more}`}`;
}
