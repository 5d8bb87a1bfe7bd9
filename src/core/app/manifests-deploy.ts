/** What an App of deploy kind `manifests` asks for; the wire form is resources/manifests-deploy.ts. */
import type { IgnoreRule } from '../manifest/ignore-rules.ts';

export interface ManifestsDeploy {
  readonly kind: 'Manifests';
  /** Name of the source whose files are applied. */
  readonly source: string;
  /** Folder or file in it; '' is all of it. */
  readonly path: string;
  /** For namespaced objects that name none; undefined is the App's own. */
  readonly namespace: string | undefined;
  /** In whose name everything is done; undefined is Headgate itself, which then stays in the App's namespace. */
  readonly serviceAccount: string | undefined;
  /** Whether objects that left the files leave the cluster. */
  readonly prune: boolean;
  /** What becomes of the objects when the App is deleted. */
  readonly deletion: 'Prune' | 'Orphan';
  /** What is done where others own a field of an object that is applied for the first time. */
  readonly conflicts: 'Fail' | 'Force';
  /** What is done where somebody changes what was applied. */
  readonly drift: 'Correct' | 'Report';
  readonly ignore: readonly IgnoreRule[];
  /** Secret with age keys for files that SOPS encrypted. */
  readonly decryptionSecret: string | undefined;
}

/** Files on the disk of whoever runs Headgate. */
export interface FolderSource {
  readonly kind: 'Folder';
  readonly name: string;
  /** Below the folder that Headgate was told to read from. */
  readonly path: string;
}
