/**
 * Who is to blame where several new versions together fail: the smallest part of them that fails by itself, found by halves.
 *
 * This is QuickXplain (U. Junker, "QUICKXPLAIN: Preferred Explanations and Relaxations for Over-Constrained Problems", AAAI 2004). It is run
 * anew over what is known each time, so that nothing but the trials has to be kept.
 */

export type Search =
  /** This has to be tried before more can be said. */
  | { readonly kind: 'Try'; readonly members: readonly string[] }
  | { readonly kind: 'Guilty'; readonly members: readonly string[] }
  /** It fails without any new version too. */
  | { readonly kind: 'Nobody' };

/** @returns undefined while it was not tried */
export type KnownVerdict = (members: readonly string[]) => 'Passed' | 'Failed' | undefined;

/**
 * @param members known to fail together; at least one
 * @param verdictOf answers for a part of them in the same order; for none of them it says whether what ran before passes
 */
export function findGuilty(members: readonly string[], verdictOf: KnownVerdict): Search {
  switch (verdictOf([])) {
    case undefined:
      return { kind: 'Try', members: [] };
    case 'Failed':
      return { kind: 'Nobody' };
    case 'Passed':
      return explain(verdictOf, { background: [], isNew: false, suspects: members });
  }
}

type Explanation = Extract<Search, { readonly kind: 'Try' | 'Guilty' }>;

interface Question {
  /** Taken for given. */
  readonly background: readonly string[];
  /** Whether the background has grown since it was last known to pass. */
  readonly isNew: boolean;
  readonly suspects: readonly string[];
}

/** Which of the suspects are needed for it to fail. */
function explain(verdictOf: KnownVerdict, { background, isNew, suspects }: Question): Explanation {
  const verdict = isNew ? verdictOf(background) : 'Passed';
  if (verdict === undefined) {
    return { kind: 'Try', members: background };
  }
  if (verdict === 'Failed' || suspects.length <= 1) {
    return { kind: 'Guilty', members: verdict === 'Failed' ? [] : suspects };
  }
  const half = Math.ceil(suspects.length / 2);
  const [first, second] = [suspects.slice(0, half), suspects.slice(half)];
  const later = explain(verdictOf, { background: [...background, ...first], isNew: true, suspects: second });
  if (later.kind === 'Try') {
    return later;
  }
  const isLaterNeeded = later.members.length > 0;
  const known = [...background, ...later.members];
  const earlier = explain(verdictOf, { background: known, isNew: isLaterNeeded, suspects: first });
  return earlier.kind === 'Try' ? earlier : { kind: 'Guilty', members: [...earlier.members, ...later.members] };
}
