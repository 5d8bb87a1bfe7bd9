/** The plan of an Update that writes into git; nothing is asked of the server before it is written down. */
import type { AppSpec } from '../../../core/app/app.ts';
import { locationOf } from '../../../core/app/app.ts';
import type { GitDeploy, VersionWriter } from '../../../core/app/git-deploy.ts';
import { type ValueForm, writeValue } from '../../../core/app/object-field.ts';
import type { GitPlan, VersionWrite } from '../../../core/deploy/git-plan.ts';
import { OperationError } from '../../../core/errors.ts';
import { formatFieldPath } from '../../../core/field-path.ts';
import type { VersionChange } from '../../../core/update/version-change.ts';

export interface GitPlanRequest {
  readonly spec: AppSpec;
  readonly deploy: GitDeploy;
  readonly changes: readonly VersionChange[];
  readonly superseded: GitPlan | undefined;
}

/** @throws TARGET_NOT_FOUND when a version lacks what a place wants, or a changed source is written nowhere */
export function planGit({ spec, deploy, changes, superseded }: GitPlanRequest): GitPlan {
  const { push } = deploy;
  // One that never came onto the branch leaves those on it that it would have superseded.
  const own = superseded?.onBranchAt === undefined ? undefined : superseded.pushed?.commit;
  const unproven = [own, ...(superseded?.supersededCommits ?? [])];
  return {
    kind: 'Git',
    repository: deploy.url.text,
    branch: deploy.branch,
    path: deploy.path,
    ...(deploy.secret !== undefined && { secret: deploy.secret }),
    ...(push.kind === 'PullRequest' && {
      forge: { ...push.forge, ...(push.secret !== undefined && { secret: push.secret }) },
    }),
    writes: changes.flatMap((change) => writesOf(spec, deploy, change)),
    supersededCommits: unproven.filter((commit) => commit !== undefined),
  };
}

function writesOf(spec: AppSpec, deploy: GitDeploy, change: VersionChange): readonly VersionWrite[] {
  const writers = deploy.writers.filter((writer) => writer.source === change.source);
  if (writers.length === 0) {
    throw notFound(`spec.deploy.git.writers: none writes the version of source "${change.source}"; add one`);
  }
  const source = spec.sources.find((one) => one.name === change.source);
  const repository = source ? locationOf(source) : change.repository;
  return writers.map((writer) => writeOf(writer, { repository, change, form: deploy.imageReference }));
}

interface ToWrite {
  readonly repository: string;
  readonly change: VersionChange;
  readonly form: 'Digest' | 'Tag';
}

function writeOf(writer: VersionWriter, write: ToWrite): VersionWrite {
  switch (writer.kind) {
    case 'Marker':
      return { kind: 'Marker', place: writer.policy, ...imageOf(write) };
    case 'Kustomization':
      return { kind: 'Kustomization', ...imageOf(write) };
    case 'Chart':
      return { kind: 'Chart', name: writer.name, tag: imageOf(write).tag };
    case 'Value': {
      const place = formatFieldPath(writer.path);
      return { kind: 'Value', file: writer.file, place, value: valueOfForm(writer.form, write) };
    }
  }
}

function imageOf({ repository, change, form }: ToWrite) {
  const { tag, digest } = change.to;
  if (tag === undefined) {
    throw notFound(`write the version of ${repository}: it has no tag`);
  }
  return { name: repository, tag, ...(form === 'Digest' && digest !== undefined && { digest }) };
}

function valueOfForm(form: ValueForm, { repository, change }: ToWrite): string {
  const value = writeValue(form, { repository, version: change.to, current: undefined });
  if (value === undefined) {
    throw notFound(`write the version of ${repository}: it has no digest`);
  }
  return value;
}

function notFound(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}
