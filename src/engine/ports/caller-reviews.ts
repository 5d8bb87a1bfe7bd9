/** What Kubernetes says of somebody else who calls us: who a token stands for, and what they may. */
import type { Caller } from '../../core/access/caller.ts';
import type { RightsQuestion } from '../../core/access/rights-question.ts';

export interface CallerReviews {
  /**
   * By TokenReview; undefined for a token that is not good.
   *
   * @throws API_UNAVAILABLE and others when it cannot be asked
   */
  identify(token: string, signal: AbortSignal): Promise<Caller | undefined>;
  /** By SubjectAccessReview, on resources of our group unless it says another. */
  may(caller: Caller, question: RightsQuestion, signal: AbortSignal): Promise<boolean>;
}
