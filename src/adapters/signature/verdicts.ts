/** Remembers verdicts, so that what stays the same is not asked twice. */
import { createHash } from 'node:crypto';
import { formatRepository, type Repository } from '../../core/image/reference.ts';
import { describePolicy } from '../../core/signature/signature-policy.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { SignatureVerdict, VerificationRequest } from '../../engine/ports/signatures.ts';

interface Remembered {
  readonly repository: string;
  readonly verdict: SignatureVerdict;
  /** Milliseconds since the epoch, when it was unverified for the first time, and when it was last looked at. */
  readonly firstMs: number;
  readonly askedMs: number;
}

export interface Verdicts {
  recall(request: VerificationRequest, ask: () => Promise<SignatureVerdict>): Promise<SignatureVerdict>;
  forget(repository: Repository): void;
}

const maxRemembered = 10_000;
const longestDelayMs = 3_600_000;

/**
 * A verified digest stays verified: bytes, keys and policy are in its name. One that is not may be signed the next minute, and the
 * longer it has not been the less likely it is; so it is looked at again after as long as it has been known, an hour at most.
 */
export function rememberVerdicts(clock: Clock): Verdicts {
  const entries = new Map<string, Remembered>();
  return {
    async recall(request, ask) {
      const key = keyOf(request);
      const known = entries.get(key);
      const nowMs = clock.now().getTime();
      if (known !== undefined && isGood(known, nowMs)) {
        return known.verdict;
      }
      const verdict = await ask();
      const repository = formatRepository(request.place.repository);
      entries.delete(key);
      entries.set(key, { repository, verdict, firstMs: known?.firstMs ?? nowMs, askedMs: nowMs });
      const [oldest] = entries.keys();
      if (entries.size > maxRemembered && oldest !== undefined) {
        entries.delete(oldest);
      }
      return verdict;
    },
    forget(repository) {
      const name = formatRepository(repository);
      for (const [key, entry] of entries) {
        if (entry.repository === name && entry.verdict.kind === 'Unverified') {
          entries.delete(key);
        }
      }
    },
  };
}

function isGood({ verdict, firstMs, askedMs }: Remembered, nowMs: number): boolean {
  return verdict.kind === 'Verified' || nowMs - askedMs < Math.min(askedMs - firstMs, longestDelayMs);
}

function keyOf({ place, digest, policy, trust }: VerificationRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([formatRepository(place.repository), digest, describePolicy(policy), trust]))
    .digest('base64url');
}
