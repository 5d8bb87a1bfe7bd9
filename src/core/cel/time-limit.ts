/** What an expression said of some data. */
export type Verdict =
  | { readonly kind: 'True' | 'False' }
  /** It asks for a field that is not there (yet). */
  | { readonly kind: 'Missing'; readonly message: string }
  /** It cannot be answered: of other types than it expects, or it took too long. */
  | { readonly kind: 'Error'; readonly message: string };

/**
 * Runs what answers an expression, for as long as it may take; fulfilled by adapters/cel, for the core knows no time.
 *
 * @param text of the expression: one that was too slow before is not tried for ever
 */
export type TimeLimit = (text: string, run: () => Verdict) => Verdict;
