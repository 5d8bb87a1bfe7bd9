/** Finds which newer commit of a git repository is to be taken: the head of a branch, or a tag under a policy. */
import type { GitSource } from '../../core/app/sources.ts';
import { commitOfDigest, digestOfCommit } from '../../core/git/names.ts';
import type { ImagePolicy } from '../../core/policy/policy.ts';
import { keepsAccess } from '../keeps-access.ts';
import type { GitRemote, GitRepositories, GitTag } from '../ports/git.ts';
import type { SignatureTrusts } from '../ports/signatures.ts';
import type { SourceAccesses } from '../ports/source-accesses.ts';
import { chooseVersion } from './choose-version.ts';
import type { Detector, SourceRequest } from './finding.ts';
import { judgeGitSignature } from './judge-git-signature.ts';
import { newestRunning } from './offered-tags.ts';
import type { Shelf } from './shelf.ts';

export interface GitContext {
  readonly git: GitRepositories;
  readonly sourceAccesses: SourceAccesses;
  readonly trusts: SignatureTrusts;
}

export function detectGit(context: GitContext, request: SourceRequest<GitSource>): Detector {
  const { source, running, app } = request;
  const policy = policyOf(source);
  return {
    current: newestRunning(policy, running),
    ask: async (signal) => {
      const access = await context.sourceAccesses.gitAccess(app.namespace, source, signal);
      const shelf = shelfOf(context, request, { url: source.url, access });
      return await keepsAccess(
        () => chooseVersion({ ...request, policy }, shelf, signal),
        () => context.sourceAccesses.forget(app.namespace, source),
      );
    },
  };
}

/** A branch is a tag whose meaning moves. */
function policyOf({ follow }: GitSource): ImagePolicy {
  return follow.by === 'Branch'
    ? { kind: 'digest', tag: follow.branch, requirements: follow.requirements }
    : follow.policy;
}

function shelfOf(context: GitContext, { app, source }: SourceRequest<GitSource>, remote: GitRemote): Shelf {
  const { git } = context;
  const { follow } = source;
  const name = source.url.text;
  const list = onceListed(git, remote);
  const judged = { namespace: app.namespace, policy: source.verify, remote };
  return {
    ...(follow.by === 'Branch' ? branchShelf(git, remote, { name, ...follow }) : tagShelf(list, name)),
    async findCreated({ digest }, signal) {
      const commit = commitOfDigest(digest);
      return commit === undefined ? undefined : await git.findCommitTime(remote, commit, signal);
    },
    async findUnsigned(version, signal) {
      const tag = source.verify?.signed === 'Tag' ? await findTag(list, version.tag, signal) : undefined;
      return await judgeGitSignature(context, { ...judged, tag }, version, signal);
    },
  };
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

type ListTags = (signal: AbortSignal) => Promise<readonly GitTag[]>;

/** One list for one check. */
function onceListed(git: GitRepositories, remote: GitRemote): ListTags {
  let listing: Promise<readonly GitTag[]> | undefined;
  return async (signal) => {
    listing ??= git.listTags(remote, signal);
    return await listing;
  };
}

async function findTag(list: ListTags, wanted: string, signal: AbortSignal): Promise<GitTag | undefined> {
  return (await list(signal)).find(({ name }) => name === wanted);
}

function tagShelf(list: ListTags, name: string): Shelf {
  return {
    name,
    noun: 'tags',
    listTags: async (signal) => (await list(signal)).map((tag) => tag.name),
    async find(wanted, signal) {
      const tag = await findTag(list, wanted, signal);
      return tag === undefined ? { kind: 'Gone' } : { kind: 'There', digest: digestOfCommit(tag.commit) };
    },
  };
}
