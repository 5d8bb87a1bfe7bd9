/** What the engine needs of git servers. */
import type { GitUrl } from '../../core/git/git-url.ts';
import type { PublicKeyFile, SignatureVerdict } from './signatures.ts';
import type { SourceTree } from './source-tree.ts';

/** How to reach one git server; made from the App and the Secrets it names. */
export interface GitAccess {
  /** PEM certificates trusted besides the system's. */
  readonly caBundle?: string;
  readonly credentials?: GitCredentials;
}

export type GitCredentials =
  | { readonly kind: 'Basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'Bearer'; readonly token: string }
  | {
      readonly kind: 'SshKey';
      /** PEM, as ssh-keygen writes it. */
      readonly privateKey: string;
      readonly passphrase?: string;
      /** Lines as in `~/.ssh/known_hosts`; a server that is not in them is not talked to. */
      readonly knownHosts: string;
    };

export interface GitRemote {
  readonly url: GitUrl;
  readonly access: GitAccess;
}

export interface GitTag {
  /** Without `refs/tags/`. */
  readonly name: string;
  /** What the tag comes to, also through a tag object; hex. */
  readonly commit: string;
  /** Id of the tag object, which can be signed; undefined where the name stands for the commit itself. */
  readonly object?: string;
}

/** What is signed. */
export type GitSubject =
  | { readonly kind: 'Commit'; readonly commit: string }
  | { readonly kind: 'Tag'; readonly name: string; readonly object: string; readonly commit: string };

/**
 * Git repositories, read only. Errors of every method: GIT_UNREACHABLE, GIT_DENIED, GIT_NOT_FOUND (repository, commit or path),
 * GIT_UNUSABLE (not what the protocol says, larger than the bounds). None holds a credential.
 */
export interface GitRepositories {
  /** Commit (hex) that the branch stands at, by ls-remote; undefined when there is no such branch. */
  findBranch(remote: GitRemote, branch: string, signal: AbortSignal): Promise<string | undefined>;
  /** All tags that come to a commit, by ls-remote. */
  listTags(remote: GitRemote, signal: AbortSignal): Promise<readonly GitTag[]>;
  /**
   * The last commit on the way to `commit` that changed something below one of the paths; asks the server only for commits that
   * it was not asked about before.
   */
  findLastChange(
    remote: GitRemote,
    range: { readonly commit: string; readonly paths: readonly string[] },
    signal: AbortSignal,
  ): Promise<string>;
  /** When the commit was made, as whoever made it says. */
  findCommitTime(remote: GitRemote, commit: string, signal: AbortSignal): Promise<Date | undefined>;
  /**
   * Whether a commit, or a tag with its name and its commit, is signed by one of the keys. What a signature was found to be stays so: it is
   * part of the object.
   *
   * @param keys entries of a Secret: `*.asc` (OpenPGP), `*.pub` (ssh), `allowed_signers` (ssh)
   * @throws SECRET_INVALID when one of them is no public key, besides the errors of all
   */
  verify(
    remote: GitRemote,
    subject: GitSubject,
    keys: readonly PublicKeyFile[],
    signal: AbortSignal,
  ): Promise<SignatureVerdict>;
  /**
   * The files below a path at a commit; paths are from the root of the repository. Fetches that commit and those files only.
   *
   * @param place.path as parseTreePath gives it; '' is the whole repository
   */
  readTree(remote: GitRemote, place: TreePlace, signal: AbortSignal): Promise<SourceTree>;
}

export interface TreePlace {
  readonly commit: string;
  readonly path: string;
  /** Take the YAML and JSON files of the rest of the repository too, because a kustomization may name them. Default false. */
  readonly withManifestsBeside?: boolean;
}
