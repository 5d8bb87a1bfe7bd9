/** What the steps of a deploy of kind `git` share. */
import type { GitDeploy } from '../../../core/app/git-deploy.ts';
import type { GitPlan } from '../../../core/deploy/git-plan.ts';
import { isOperationError, OperationError } from '../../../core/errors.ts';
import { parseGitUrl } from '../../../core/git/git-url.ts';
import { defaultMessage, fillMessage } from '../../../core/git-write/commit-text.ts';
import type { Waiting } from '../../../core/waiting.ts';
import { changesOf, type UpdateObjectWire } from '../../../resources/update/decode-update.ts';
import type { Forge, ForgeRemote } from '../../ports/forge.ts';
import type { GitRemote } from '../../ports/git.ts';
import type { GitAccesses } from '../../ports/git-accesses.ts';
import type { CommitOrder, GitWriter } from '../../ports/git-writer.ts';
import type { Work } from '../deployer.ts';
import type { ShownContext } from './shown-versions.ts';

export interface GitContext extends ShownContext {
  readonly writer: GitWriter;
  readonly forge: Forge;
  readonly accesses: GitAccesses;
}

/** One pass over one Update. */
export interface GitWork extends Work {
  readonly plan: GitPlan;
  readonly signal: AbortSignal;
}

/** How soon a server that did not answer is asked again. */
const retryMs = 30_000;
/** How often a forge is asked whether somebody has merged. */
export const lookMs = 60_000;

export async function remoteOf({ accesses }: GitContext, { plan, update, signal }: GitWork): Promise<GitRemote> {
  const access = await accesses.accessFor(update.metadata.namespace, plan.secret, signal);
  return { url: parseGitUrl(plan.repository), access };
}

/** @throws INVARIANT when the plan pushes to the branch itself */
export async function forgeOf({ accesses }: GitContext, { plan, update, signal }: GitWork): Promise<ForgeRemote> {
  const { forge } = plan;
  if (!forge) {
    throw new OperationError('a pull request is asked for where there is none', { code: 'INVARIANT', retry: 'never' });
  }
  const { token, caBundle } = await accesses.tokenFor(update.metadata.namespace, forge.secret ?? plan.secret, signal);
  return { kind: forge.kind, apiUrl: forge.apiUrl, project: forge.project, token, caBundle };
}

/** Branch of our own for one Update. */
export function branchOf({ metadata, spec }: UpdateObjectWire): string {
  return `headgate/${metadata.namespace}/${spec.app}-${spec.sequence}`;
}

export function deployOf({ spec }: Pick<Work, 'spec'>): GitDeploy | undefined {
  return spec?.deploy.kind === 'Git' ? spec.deploy : undefined;
}

/** The message of the App's template; the usual one where the App is gone. */
export function messageOf(work: Pick<Work, 'spec' | 'update'>): string {
  const { metadata, spec } = work.update;
  const facts = { namespace: metadata.namespace, app: spec.app, update: metadata.name, changes: changesOf(spec) };
  return fillMessage(deployOf(work)?.commit.message ?? defaultMessage, facts);
}

/** Who commits, and the key to sign with. */
export async function signerOf(
  { accesses }: GitContext,
  work: GitWork,
): Promise<Pick<CommitOrder, 'author' | 'signature'>> {
  const commit = deployOf(work)?.commit;
  const { namespace } = work.update.metadata;
  return {
    author: commit?.author ?? { name: 'Headgate', email: 'headgate@localhost' },
    signature: await accesses.signatureFor(namespace, commit?.signingSecret, work.signal),
  };
}

export function keyOf({ metadata }: UpdateObjectWire): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Servers and Secrets that do not do right now are waited for, and the Update says so; other errors go on. */
export function waitingFor(error: unknown, now: Date): Waiting {
  const codes = [
    'GIT_UNREACHABLE',
    'GIT_DENIED',
    'GIT_NOT_FOUND',
    'GIT_UNUSABLE',
    'SECRET_NOT_FOUND',
    'SECRET_INVALID',
  ];
  if (isOperationError(error) && codes.includes(error.code)) {
    const until = new Date(now.getTime() + Math.max(retryMs, error.retryAfterMs ?? 0));
    return { reason: 'GitUnavailable', message: error.message, until };
  }
  throw error;
}
