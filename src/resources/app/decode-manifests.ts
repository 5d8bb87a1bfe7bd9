/** `spec.deploy.manifests`: wire form -> what the product works with. */
import type { ManifestsDeploy } from '../../core/app/manifests-deploy.ts';
import type { ManifestsWire } from './manifests-deploy.ts';

/** A source as far as it matters here: its name, and whether it holds files. */
export interface NamedSource {
  readonly name: string;
  readonly hasFiles: boolean;
}

/** @param note told of each problem: field, and what would be right */
export function decodeManifests(
  manifests: ManifestsWire,
  sources: readonly NamedSource[],
  note: (field: string, problem: string) => void,
): ManifestsDeploy {
  return {
    kind: 'Manifests',
    source: chooseSource(manifests, sources, note),
    path: decodePath(manifests.path ?? '', note),
    namespace: manifests.namespace,
    serviceAccount: manifests.serviceAccountName,
    prune: manifests.prune ?? true,
    deletion: manifests.deletion ?? 'Orphan',
    conflicts: manifests.conflicts ?? 'Fail',
    drift: manifests.drift ?? 'Correct',
    ignore: (manifests.ignore ?? []).map(({ group, kind, namespace, name, paths }) => ({
      group,
      kind,
      namespace,
      name,
      paths,
    })),
    decryptionSecret: manifests.decryption?.secretRef.name,
  };
}

function chooseSource(
  { source }: ManifestsWire,
  sources: readonly NamedSource[],
  note: (field: string, problem: string) => void,
): string {
  const withFiles = sources.filter(({ hasFiles }) => hasFiles).map(({ name }) => name);
  const field = 'spec.deploy.manifests.source';
  if (withFiles.length === 0) {
    note(field, 'no source has files; add one of folder, git or artifact to spec.sources');
  } else if (source === undefined && withFiles.length > 1) {
    note(field, `several sources have files (${withFiles.join(', ')}); name the one whose objects are applied`);
  } else if (source !== undefined && !withFiles.includes(source)) {
    note(field, `"${source}" is no source with files; those are ${withFiles.join(', ')}`);
  }
  return source ?? withFiles[0] ?? '';
}

function decodePath(text: string, note: (field: string, problem: string) => void): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || text.startsWith('/')) {
    note('spec.deploy.manifests.path', `"${text}" leads out of the source; write a path below it, such as deploy/prod`);
  }
  return parts.join('/');
}
