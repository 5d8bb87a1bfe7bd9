/** Finds which newer commit of a git repository is to be taken: the head of a branch, or a tag under a policy. */
import type { GitSource } from '../../core/app/sources.ts';
import { digestOfCommit } from '../../core/git/names.ts';
import type { ImagePolicy } from '../../core/policy/policy.ts';
import { keepsAccess } from '../keeps-access.ts';
import type { GitRemote, GitRepositories, GitTag } from '../ports/git.ts';
import type { SourceAccesses } from '../ports/source-accesses.ts';
import { chooseVersion, newestRunning, type Shelf } from './choose-version.ts';
import type { Detector, SourceRequest } from './finding.ts';

export interface GitContext {
  readonly git: GitRepositories;
  readonly sourceAccesses: SourceAccesses;
}

export function detectGit(context: GitContext, request: SourceRequest<GitSource>): Detector {
  const { source, running, app } = request;
  const policy = policyOf(source);
  return {
    current: newestRunning(policy, running),
    ask: async (signal) => {
      const access = await context.sourceAccesses.gitAccess(app.namespace, source, signal);
      const shelf = shelfOf(context.git, source, { url: source.url, access });
      return await keepsAccess(
        () => chooseVersion({ ...request, policy }, shelf, signal),
        () => context.sourceAccesses.forget(app.namespace, source),
      );
    },
  };
}

/** A branch is a tag whose meaning moves. */
function policyOf({ follow }: GitSource): ImagePolicy {
  return follow.by === 'Branch' ? { kind: 'digest', tag: follow.branch } : follow.policy;
}

function shelfOf(git: GitRepositories, { url, follow }: GitSource, remote: GitRemote): Shelf {
  const name = url.text;
  return follow.by === 'Branch' ? branchShelf(git, remote, { name, ...follow }) : tagShelf(git, remote, name);
}

function branchShelf(
  git: GitRepositories,
  remote: GitRemote,
  { name, branch, paths }: { readonly name: string; readonly branch: string; readonly paths: readonly string[] },
): Shelf {
  return {
    name,
    noun: 'branches',
    listTags: async () => [branch],
    async find(_branch, signal) {
      const head = await git.findBranch(remote, branch, signal);
      if (head === undefined) {
        return { kind: 'Unfit', reason: `${name} has no such branch` };
      }
      const commit = paths.length === 0 ? head : await git.findLastChange(remote, { commit: head, paths }, signal);
      return { kind: 'There', digest: digestOfCommit(commit) };
    },
  };
}

function tagShelf(git: GitRepositories, remote: GitRemote, name: string): Shelf {
  let listing: Promise<readonly GitTag[]> | undefined;
  const list = async (signal: AbortSignal) => {
    listing ??= git.listTags(remote, signal);
    return await listing;
  };
  return {
    name,
    noun: 'tags',
    listTags: async (signal) => (await list(signal)).map((tag) => tag.name),
    async find(wanted, signal) {
      const tag = (await list(signal)).find((one) => one.name === wanted);
      return tag === undefined ? { kind: 'Gone' } : { kind: 'There', digest: digestOfCommit(tag.commit) };
    },
  };
}
