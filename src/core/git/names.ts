/** Names inside a git repository: branches, tags, commits. What passes here can stand in the arguments of git. */

const maxLength = 255;
const commitForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Whether a branch or tag may have this name (git-check-ref-format), and is not taken for an option. */
export function isRefName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= maxLength &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/.test(name) &&
    name !== '@' &&
    name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'))
  );
}

/** Whether the text is the whole id of an object, in lower case. */
export function isCommitId(text: string): boolean {
  return commitForm.test(text);
}

/** A commit as the digest of a Version: `sha1:...`, or `sha256:...` in repositories of that format. */
export function digestOfCommit(commit: string): string {
  return `${commit.length === 40 ? 'sha1' : 'sha256'}:${commit}`;
}

/** The commit behind a digest that digestOfCommit made; undefined when it is none. */
export function commitOfDigest(digest: string): string | undefined {
  const [, commit] = /^sha(?:1:([0-9a-f]{40})|256:([0-9a-f]{64}))$/.exec(digest)?.filter((part) => part) ?? [];
  return commit;
}
