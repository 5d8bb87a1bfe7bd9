import { isOperationError } from '../../core/errors.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import type { Answer } from './answer.ts';
import { type Operation, parseRetryAfter, rateLimited } from './failure.ts';

/** Where to be silent: a registry counts its limits for an account, over all its repositories. */
interface Place {
  readonly registry: string;
  readonly access: RegistryAccess;
}

export interface Penalties {
  /**
   * Sends, unless the registry has said 429 to the same identity and its time is not over.
   *
   * @throws REGISTRY_RATE_LIMITED with the time that is left
   */
  guard(operation: Operation, place: Place, send: () => Promise<Answer>): Promise<Answer>;
}

const maxPenalties = 1_000;

/** Remembers who asked to be left alone, so that the next App on the same registry does not make it worse. */
export function createPenalties(clock: Clock): Penalties {
  const endsAtMs = new Map<string, number>();

  const punish = (key: string, durationMs: number) => {
    endsAtMs.delete(key);
    endsAtMs.set(key, clock.now().getTime() + durationMs);
    const [oldest] = endsAtMs.keys();
    if (endsAtMs.size > maxPenalties && oldest !== undefined) {
      endsAtMs.delete(oldest);
    }
  };

  return {
    async guard(operation, { registry, access }, send) {
      const key = `${registry} ${identifyAccess(access)}`;
      const leftMs = (endsAtMs.get(key) ?? 0) - clock.now().getTime();
      if (leftMs > 0) {
        const line = `not asked, ${registry} said 429 Too Many Requests before`;
        throw rateLimited(operation, line, leftMs);
      }
      endsAtMs.delete(key);
      try {
        const answer = await send();
        if (answer.status === 429) {
          punish(key, parseRetryAfter(answer.headers['retry-after'], clock.now()));
        }
        return answer;
      } catch (error) {
        if (isOperationError(error, 'REGISTRY_RATE_LIMITED')) {
          punish(key, error.retryAfterMs ?? 0);
        }
        throw error;
      }
    },
  };
}
