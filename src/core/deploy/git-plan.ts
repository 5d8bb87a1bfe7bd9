/** What an Update writes into a git repository, and how far it has come with it. */

import { invariant } from '../errors.ts';
import { parseFieldPath } from '../field-path.ts';
import type { ForgeKind } from '../git/forge-location.ts';
import type { Writing } from '../git-write/writing.ts';

export interface GitPlan {
  readonly kind: 'Git';
  readonly repository: string;
  readonly branch: string;
  readonly path: string;
  /** Secret with credentials for git. */
  readonly secret?: string;
  /** Undefined: pushed to the branch itself. */
  readonly forge?: {
    readonly kind: ForgeKind;
    readonly apiUrl: string;
    readonly project: string;
    readonly secret?: string;
  };
  readonly writes: readonly VersionWrite[];
  /** Commits of Updates that this one supersedes: going back takes them back too. */
  readonly supersededCommits: readonly string[];
  /** Where the branch stood before anything was pushed; a commit of ours can only be on top of it. */
  readonly since?: string;
  readonly pushed?: Pushed;
  readonly pullRequest?: OpenedPullRequest;
  /** When the branch had it: pushed, or merged. */
  readonly onBranchAt?: string;
  readonly reverted?: Pushed;
  readonly revertPullRequest?: OpenedPullRequest;
}

/** No commit: every place held the version already. */
export interface Pushed {
  readonly commit?: string;
}

export interface OpenedPullRequest {
  readonly number: number;
  readonly url: string;
}

/** One version for one sort of place, so that the plan is carried out as it was made. */
export type VersionWrite =
  | {
      readonly kind: 'Marker';
      readonly place: string;
      readonly name: string;
      readonly tag: string;
      readonly digest?: string;
    }
  | { readonly kind: 'Kustomization'; readonly name: string; readonly tag: string; readonly digest?: string }
  | { readonly kind: 'Chart'; readonly name: string; readonly tag: string }
  | { readonly kind: 'Value'; readonly file: string; readonly place: string; readonly value: string };

/** The order for whoever writes files. */
export function writingOf({ writes }: Pick<GitPlan, 'writes'>): Writing {
  const markers = new Map<string, { name: string; tag: string; digest?: string }>();
  for (const write of writes) {
    if (write.kind === 'Marker') {
      markers.set(write.place, imageOf(write));
    }
  }
  return {
    markers,
    images: writes.flatMap((write) => (write.kind === 'Kustomization' ? [imageOf(write)] : [])),
    charts: writes.flatMap((write) => (write.kind === 'Chart' ? [{ name: write.name, version: write.tag }] : [])),
    values: writes.flatMap((write) => (write.kind === 'Value' ? [fileValueOf(write)] : [])),
  };
}

function imageOf({ name, tag, digest }: { readonly name: string; readonly tag: string; readonly digest?: string }) {
  return { name, tag, ...(digest !== undefined && { digest }) };
}

function fileValueOf({ file, place, value }: Extract<VersionWrite, { kind: 'Value' }>) {
  const parsed = parseFieldPath(place);
  invariant(parsed.kind === 'Path', `"${place}" was recorded as a path`);
  return { file, path: parsed.path, value };
}
