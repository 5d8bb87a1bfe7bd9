/** `spec.deploy.git`: wire form -> what the product works with. */
import type { GitDeploy, GitPush, VersionWriter } from '../../core/app/git-deploy.ts';
import { parseDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { parseFieldPath } from '../../core/field-path.ts';
import { locateForge } from '../../core/git/forge-location.ts';
import { type GitUrl, parseGitUrl } from '../../core/git/git-url.ts';
import { isRefName } from '../../core/git/names.ts';
import { defaultMessage } from '../../core/git-write/commit-text.ts';
import type { GitWire } from './git-deploy.ts';
import { decodeObjectField, type FieldContext, formOf } from './patch-deploy.ts';
import { decodeTarget } from './target.ts';

/** Undefined when it cannot be understood, which is noted. */
export function decodeGit(git: GitWire, context: FieldContext): GitDeploy | undefined {
  const field = 'spec.deploy.git';
  const { note } = context;
  const branch = git.branch ?? 'main';
  if (!isRefName(branch)) {
    note(`${field}.branch`, `"${branch}" is no name of a branch`);
  }
  const url = attempt(() => parseGitUrl(git.repository), `${field}.repository`, context);
  const timeoutMs = attempt(() => parseDuration(git.watch.timeout ?? '30m', `${field}.watch.timeout`), '', context);
  const push = url && decodePush(git, url, context);
  const writers = git.writers.map((writer, index) => decodeWriter(writer, `${field}.writers[${index}]`, context));
  const commit = {
    message: git.commit?.message ?? defaultMessage,
    author: git.commit?.author ?? { name: 'Headgate', email: 'headgate@localhost' },
    signingSecret: git.commit?.signingKeySecretRef?.name,
  };
  if (!url || !push || timeoutMs === undefined) {
    return undefined;
  }
  return {
    kind: 'Git',
    url,
    branch,
    path: decodePath(git.path ?? '', context),
    secret: git.secretRef?.name,
    writers: writers.filter((writer) => writer !== undefined),
    imageReference: git.imageReference ?? 'Digest',
    commit,
    push,
    watch: { ...decodeWatch(git.watch, context), timeoutMs },
  };
}

function decodeWatch({ workloads = [], objects = [] }: GitWire['watch'], context: FieldContext) {
  const field = 'spec.deploy.git.watch';
  if (workloads.length + objects.length === 0) {
    context.note(field, 'name at least one workload or object that shows the version');
  }
  return {
    targets: workloads.map((target, index) => decodeTarget(target, `${field}.workloads[${index}]`, context)),
    objects: objects
      .map((object, index) => decodeObjectField(object, `${field}.objects[${index}]`, context))
      .filter((object) => object !== undefined),
  };
}

function decodePush({ pullRequest }: GitWire, url: GitUrl, { note }: FieldContext): GitPush | undefined {
  if (!pullRequest) {
    return { kind: 'Branch' };
  }
  const forge = locateForge(pullRequest.provider, url, pullRequest.apiUrl);
  if (!forge) {
    note('spec.deploy.git.pullRequest', `${url.text} names no repository owner/name of a forge`);
    return undefined;
  }
  return { kind: 'PullRequest', forge, secret: pullRequest.secretRef?.name };
}

function decodeWriter(
  wire: GitWire['writers'][number],
  field: string,
  context: FieldContext,
): VersionWriter | undefined {
  const { source, marker, kustomization, chart, value } = wire;
  if (!context.known.includes(source)) {
    context.note(`${field}.source`, `there is no source "${source}"; the sources are ${context.known.join(', ')}`);
  }
  if ([marker, kustomization, chart, value].filter((one) => one !== undefined).length !== 1) {
    context.note(field, 'exactly one of marker, kustomization, chart and value must be set');
    return undefined;
  }
  if (marker !== undefined) {
    return { kind: 'Marker', source, policy: marker };
  }
  if (value) {
    return decodeValue(source, value, { field: `${field}.value`, context });
  }
  return chart ? { kind: 'Chart', source, name: chart.name } : { kind: 'Kustomization', source };
}

function decodeValue(
  source: string,
  value: NonNullable<GitWire['writers'][number]['value']>,
  { field, context }: { readonly field: string; readonly context: FieldContext },
): VersionWriter | undefined {
  const parsed = parseFieldPath(value.path);
  if (parsed.kind === 'Invalid') {
    context.note(`${field}.path`, parsed.reason);
    return undefined;
  }
  const file = decodePath(value.file, context, `${field}.file`);
  return { kind: 'Value', source, file, path: parsed.path, form: formOf(value) };
}

function decodePath(text: string, { note }: FieldContext, field = 'spec.deploy.git.path'): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || parts.includes('.git') || text.startsWith('/')) {
    note(
      field,
      `"${text}" leads out of the files of the repository; write a path from its root, such as clusters/prod`,
    );
  }
  return parts.join('/');
}

function attempt<T>(read: () => T, field: string, { note }: FieldContext): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isOperationError(error)) {
      throw error;
    }
    note(field, error.message);
    return undefined;
  }
}
