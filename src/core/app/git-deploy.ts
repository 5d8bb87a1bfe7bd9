/** Deploy kind `git`: what an App asks for. */
import type { FieldPath } from '../field-path.ts';
import type { ForgeLocation } from '../git/forge-location.ts';
import type { GitUrl } from '../git/git-url.ts';
import type { ObjectField, ValueForm } from './object-field.ts';
import type { WorkloadTarget } from './workload-target.ts';

export interface GitDeploy {
  readonly kind: 'Git';
  readonly url: GitUrl;
  readonly branch: string;
  /** Folder that is written in; '' is the whole repository. */
  readonly path: string;
  /** Secret with credentials for git, in the App's namespace. */
  readonly secret: string | undefined;
  readonly writers: readonly VersionWriter[];
  /** Whether markers and kustomizations get the digest too. */
  readonly imageReference: 'Digest' | 'Tag';
  readonly commit: {
    readonly message: string;
    readonly author: { readonly name: string; readonly email: string };
    /** Secret with a key to sign with. */
    readonly signingSecret: string | undefined;
  };
  readonly push: GitPush;
  readonly watch: GitWatch;
}

export type GitPush =
  | { readonly kind: 'Branch' }
  /** @property secret with the token of the forge; that of git when undefined */
  | { readonly kind: 'PullRequest'; readonly forge: ForgeLocation; readonly secret: string | undefined };

/** What in the cluster shows which version runs; whoever applies the repository changes it. */
export interface GitWatch {
  readonly targets: readonly WorkloadTarget[];
  readonly objects: readonly ObjectField[];
  /** Time from the push, or the merge, until the cluster must show it. */
  readonly timeoutMs: number;
}

/** Where the version of a source is written. */
export type VersionWriter = { readonly source: string } & (
  | { readonly kind: 'Marker'; readonly policy: string }
  | { readonly kind: 'Kustomization' }
  | { readonly kind: 'Chart'; readonly name: string }
  | { readonly kind: 'Value'; readonly file: string; readonly path: FieldPath; readonly form: ValueForm }
);
