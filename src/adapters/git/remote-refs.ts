/** What `git ls-remote` answers. */
import { isCommitId, isRefName } from '../../core/git/names.ts';
import type { GitTag } from '../../engine/ports/git.ts';

/** 200,000 tags with names as they are usual. */
export const maxRefBytes = 32 * 2 ** 20;

const tagPrefix = 'refs/tags/';
const peeled = '^{}';

/** The commit of exactly this ref; undefined when it is not in the answer. */
export function commitOfRef(output: Buffer, ref: string): string | undefined {
  return [...readLines(output)].find((line) => line.ref === ref)?.object;
}

/**
 * All tags with the commit behind them, in the order of the answer. Names that git itself would not make are left out: nothing
 * could be fetched by them.
 */
export function tagsOf(output: Buffer): readonly GitTag[] {
  const tags = new Map<string, Omit<GitTag, 'name'>>();
  for (const { object, ref } of readLines(output)) {
    if (ref.startsWith(tagPrefix)) {
      // A tag object is followed by a line for what it points at.
      const name = ref.slice(tagPrefix.length);
      const whole = ref.endsWith(peeled) ? tags.get(name.slice(0, -peeled.length)) : undefined;
      tags.set(name.replace(peeled, ''), { commit: object, ...(whole && { object: whole.commit }) });
    }
  }
  return [...tags].filter(([name]) => isRefName(name)).map(([name, tag]) => ({ name, ...tag }));
}

function* readLines(output: Buffer): Generator<{ readonly object: string; readonly ref: string }> {
  for (const line of output.toString('utf8').split('\n')) {
    const [object = '', ref] = line.split('\t');
    if (ref !== undefined && isCommitId(object)) {
      yield { object, ref };
    }
  }
}
