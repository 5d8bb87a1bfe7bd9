/** What an outside tester says, by whatever way it comes. */
import { isFields, textAt } from '../health/objects/fields.ts';
import { clipMessage } from '../text.ts';
import type { VersionChange } from '../update/version-change.ts';
import type { Outcome } from './app-test.ts';

export type OutsideAnswer =
  | { readonly kind: 'Outcome'; readonly outcome: Outcome }
  /** It is not through yet. */
  | { readonly kind: 'Pending'; readonly message: string }
  /** It says itself that it tested something else than what was put in place. */
  | { readonly kind: 'Foreign'; readonly message: string };

const verdictWords: Readonly<Record<string, Outcome['kind']>> = {
  pass: 'Pass',
  fail: 'Fail',
  inconclusive: 'Inconclusive',
};

/**
 * Reads `{"verdict": "pass" | "fail" | "inconclusive" | "pending", "message": "...", "digest": "sha256:..."}`.
 *
 * @param changes what was put in place; an answer that names another digest counts for nothing
 * @returns undefined when it is something else
 */
export function readOutsideAnswer(body: unknown, changes: readonly VersionChange[]): OutsideAnswer | undefined {
  if (!isFields(body)) {
    return undefined;
  }
  const verdict = textAt(body, 'verdict', '').toLowerCase();
  const message = clipMessage(textAt(body, 'message', ''));
  if (verdict === 'pending') {
    return { kind: 'Pending', message };
  }
  const kind = Object.hasOwn(verdictWords, verdict) ? verdictWords[verdict] : undefined;
  const digest = textAt(body, 'digest', '');
  if (kind !== undefined && digest !== '' && !changes.some(({ to }) => to.digest === digest)) {
    return { kind: 'Foreign', message: `the answer is about ${clipMessage(digest)}, which was not put in place` };
  }
  return kind && { kind: 'Outcome', outcome: { kind, message: message === '' ? `said ${verdict}` : message } };
}
