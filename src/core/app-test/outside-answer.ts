/** What an outside tester says, by whatever way it comes. */
import { isFields, textAt } from '../health/objects/fields.ts';
import { clipMessage } from '../text.ts';
import type { Outcome } from './app-test.ts';

export type OutsideAnswer =
  | { readonly kind: 'Outcome'; readonly outcome: Outcome }
  /** It is not through yet. */
  | { readonly kind: 'Pending'; readonly message: string };

const verdictWords: Readonly<Record<string, Outcome['kind']>> = {
  pass: 'Pass',
  fail: 'Fail',
  inconclusive: 'Inconclusive',
};

/**
 * Reads `{"verdict": "pass" | "fail" | "inconclusive" | "pending", "message": "..."}`.
 *
 * @returns undefined when it is something else
 */
export function readOutsideAnswer(body: unknown): OutsideAnswer | undefined {
  if (!isFields(body)) {
    return undefined;
  }
  const verdict = textAt(body, 'verdict', '').toLowerCase();
  const message = clipMessage(textAt(body, 'message', ''));
  if (verdict === 'pending') {
    return { kind: 'Pending', message };
  }
  const kind = Object.hasOwn(verdictWords, verdict) ? verdictWords[verdict] : undefined;
  return kind && { kind: 'Outcome', outcome: { kind, message: message === '' ? `said ${verdict}` : message } };
}
