/** The files of an App's source at one version, whatever kind of source it is. */
import type { Source } from '../../../core/app/app.ts';
import { type ArtifactSource, type GitSource, registrySourceOf } from '../../../core/app/sources.ts';
import { OperationError } from '../../../core/errors.ts';
import { commitOfDigest } from '../../../core/git/names.ts';
import type { ImagePolicy } from '../../../core/policy/policy.ts';
import type { Version } from '../../../core/update/version-change.ts';
import { carriedFileOf, carriedFiles } from '../../carried.ts';
import { keepsAccess } from '../../keeps-access.ts';
import type { Artifacts } from '../../ports/artifacts.ts';
import type { CarriedFiles } from '../../ports/carried-files.ts';
import type { GitRepositories } from '../../ports/git.ts';
import type { Folders } from '../../ports/manifest-files.ts';
import type { RegistryAccesses } from '../../ports/registry.ts';
import type { SourceAccesses } from '../../ports/source-accesses.ts';
import type { SourceTree } from '../../ports/source-tree.ts';

export interface TreeRequest {
  readonly source: Source;
  readonly version: Version;
  /** Of the App, for the Secrets that the source names. */
  readonly namespace: string;
  readonly path: string;
}

export interface TreeReader {
  /** @throws errors of where the source is; SOURCE_UNUSABLE for one that has no files, or not those of that version any more */
  readTree(request: TreeRequest, signal: AbortSignal): Promise<SourceTree>;
}

export interface TreeContext {
  readonly folders: Folders;
  readonly git: GitRepositories;
  readonly artifacts: Artifacts;
  readonly accesses: RegistryAccesses;
  readonly sourceAccesses: SourceAccesses;
  /** Absent in commands that end soon. */
  readonly carried?: CarriedFiles | undefined;
}

export function createTreeReader(context: TreeContext): TreeReader {
  return {
    async readTree(request, signal) {
      const { source, version, namespace } = request;
      const policy = policyOf(source);
      const file = policy && carriedFileOf(policy, version);
      if (file !== undefined) {
        return await carriedFiles(context).readTree(file, namespace, signal);
      }
      switch (source.kind) {
        case 'Folder':
          return await readFolder(context, source, request, signal);
        case 'Git':
          return await readGit(context, source, request, signal);
        case 'Artifact':
          return await readArtifact(context, source, request, signal);
        case 'Image':
        case 'Chart':
          throw unusable(
            `read source ${source.name}: it has no manifests; name a folder, git or artifact source in spec.deploy.manifests.source`,
          );
      }
    },
  };
}

function policyOf(source: Source): ImagePolicy | undefined {
  switch (source.kind) {
    case 'Git':
      return source.follow.by === 'Tag' ? source.follow.policy : undefined;
    case 'Artifact':
      return source.policy;
    default:
      return undefined;
  }
}

async function readFolder(
  { folders }: TreeContext,
  { path }: Extract<Source, { readonly kind: 'Folder' }>,
  { version }: TreeRequest,
  signal: AbortSignal,
): Promise<SourceTree> {
  const tree = await folders.readTree(path, signal);
  if (tree.digest !== version.digest) {
    throw unusable(`read folder "${path}": it changed since it was looked at; the next check takes what is there then`);
  }
  return tree;
}

async function readGit(
  { git, sourceAccesses }: TreeContext,
  source: GitSource,
  { version, namespace, path }: TreeRequest,
  signal: AbortSignal,
): Promise<SourceTree> {
  const commit = commitOfDigest(version.digest ?? '');
  if (commit === undefined) {
    throw unusable(`read source ${source.name}: "${version.digest}" is no commit`);
  }
  const access = await sourceAccesses.gitAccess(namespace, source, signal);
  return await keepsAccess(
    () => git.readTree({ url: source.url, access }, { commit, path, withManifestsBeside: true }, signal),
    () => sourceAccesses.forget(namespace, source),
  );
}

async function readArtifact(
  { artifacts, accesses }: TreeContext,
  source: ArtifactSource,
  { version, namespace }: TreeRequest,
  signal: AbortSignal,
): Promise<SourceTree> {
  const { repository } = source;
  const place = registrySourceOf(source, repository);
  const access = await accesses.accessFor(namespace, place, signal);
  return await keepsAccess(
    () => artifacts.readTree({ repository, access }, { digest: version.digest ?? '', path: '' }, signal),
    () => accesses.forget(namespace, place),
  );
}

function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'SOURCE_UNUSABLE', retry: 'never' });
}
