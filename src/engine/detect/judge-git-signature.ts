/** Whether a commit, or the tag that leads to it, has the signature that its source asks for. */
import type { GitSignaturePolicy } from '../../core/app/sources.ts';
import { invariant } from '../../core/errors.ts';
import { commitOfDigest } from '../../core/git/names.ts';
import type { GitRemote, GitRepositories, GitSubject, GitTag } from '../ports/git.ts';
import type { SignatureTrusts } from '../ports/signatures.ts';
import type { Obstacle } from './finding.ts';
import type { ShelfVersion } from './shelf.ts';

export interface GitSignatureContext {
  readonly git: Pick<GitRepositories, 'verify'>;
  readonly trusts: Pick<SignatureTrusts, 'keysOf' | 'forgetKeys'>;
}

export interface GitSignatureQuestion {
  readonly namespace: string;
  readonly remote: GitRemote;
  /** Undefined: nobody's signature is needed. */
  readonly policy: GitSignaturePolicy | undefined;
  /** Where tags are what is signed. */
  readonly tag: GitTag | undefined;
}

/** @throws SECRET_NOT_FOUND, SECRET_INVALID and errors of git: nothing is known then, in either way */
export async function judgeGitSignature(
  { git, trusts }: GitSignatureContext,
  { namespace, remote, policy, tag }: GitSignatureQuestion,
  version: ShelfVersion,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  if (policy === undefined) {
    return undefined;
  }
  const commit = commitOfDigest(version.digest);
  invariant(commit !== undefined, `${version.digest} is no commit`);
  const subject = subjectOf(policy, commit, tag);
  if (subject === undefined) {
    return unverified(version, 'it is a plain tag, without the object that is signed (git tag --sign)');
  }
  const where = { namespace, secret: policy.keys, field: 'verify.keysSecretRef' };
  try {
    const keys = await trusts.keysOf(where, signal);
    const verdict = await git.verify(remote, subject, keys, signal);
    return verdict.kind === 'Verified' ? undefined : unverified(version, verdict.reason);
  } catch (error) {
    // What is mended next may be the Secret.
    trusts.forgetKeys(where);
    throw error;
  }
}

/** Undefined: there is nothing that could be signed. A tag that has moved since it was listed is another version. */
function subjectOf({ signed }: GitSignaturePolicy, commit: string, tag: GitTag | undefined): GitSubject | undefined {
  if (signed === 'Commit') {
    return { kind: 'Commit', commit };
  }
  return tag?.object === undefined || tag.commit !== commit
    ? undefined
    : { kind: 'Tag', name: tag.name, object: tag.object, commit };
}

function unverified({ tag }: ShelfVersion, reason: string): Obstacle {
  return { kind: 'Unverified', tag, message: `is not verified: ${reason}` };
}
