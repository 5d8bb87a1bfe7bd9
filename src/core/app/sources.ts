/** Kinds of sources besides images, decoded and checked. */
import { type ChartLocation, describeChart } from '../chart/chart-location.ts';
import type { GitUrl } from '../git/git-url.ts';
import type { Repository } from '../image/reference.ts';
import type { ImagePolicy } from '../policy/policy.ts';
import type { Requirements } from '../policy/requirements.ts';
import type { TagFilter } from '../policy/tag-filter.ts';
import type { SignaturePolicy } from '../signature/signature-policy.ts';

/** A Helm chart. Its versions are those of the chart; the digest is that of the archive, or of the manifest in a registry. */
export interface ChartSource {
  readonly kind: 'Chart';
  readonly name: string;
  readonly location: ChartLocation;
  readonly policy: ImagePolicy;
  readonly appVersion: Pick<TagFilter, 'include' | 'exclude'> | undefined;
  /** Whether charts for other versions of Kubernetes are left out. */
  readonly mustFitCluster: boolean;
  /** Whose signatures a version in a registry needs; undefined: nobody's. */
  readonly verify: SignaturePolicy | undefined;
  /** Whose provenance a version needs. */
  readonly provenance: ProvenancePolicy | undefined;
  readonly insecure: boolean;
  /** Secret with credentials, in the App's namespace. */
  readonly loginSecret: string | undefined;
  /** Secret with `ca.crt`, in the App's namespace. */
  readonly caSecret: string | undefined;
}

/** A git repository. Its versions are commits: the tag is a branch or a tag, the digest `sha1:` and the commit. */
export interface GitSource {
  readonly kind: 'Git';
  readonly name: string;
  readonly url: GitUrl;
  readonly follow: GitFollow;
  /** Whose signatures commits or tags need; undefined: nobody's. */
  readonly verify: GitSignaturePolicy | undefined;
  readonly loginSecret: string | undefined;
  readonly caSecret: string | undefined;
}

export type GitFollow =
  /** @property paths only commits that touch one of them count; empty: all */
  | {
      readonly by: 'Branch';
      readonly branch: string;
      readonly paths: readonly string[];
      readonly requirements: Requirements | undefined;
    }
  | { readonly by: 'Tag'; readonly policy: ImagePolicy };

/** A provenance file beside the archive of a chart, as `helm package --sign` makes it. */
export interface ProvenancePolicy {
  /** Secret with OpenPGP public keys, in the App's namespace. */
  readonly keyring: string;
}

export interface GitSignaturePolicy {
  /** Secret with OpenPGP or ssh public keys, in the App's namespace. */
  readonly keys: string;
  /** `Tag`: the tag object, which names the commit; `Commit`: the commit itself. */
  readonly signed: 'Commit' | 'Tag';
}

/** Manifests in a registry. Versions as of images. */
export interface ArtifactSource {
  readonly kind: 'Artifact';
  readonly name: string;
  /** As the App writes it. */
  readonly repositoryText: string;
  readonly repository: Repository;
  readonly policy: ImagePolicy;
  /** Whose signatures a version needs; undefined: nobody's. */
  readonly verify: SignaturePolicy | undefined;
  readonly insecure: boolean;
  readonly loginSecret: string | undefined;
  readonly caSecret: string | undefined;
}

/** Where it is, for Updates and Rejections. */
export function locationOfSource(source: ChartSource | GitSource | ArtifactSource): string {
  switch (source.kind) {
    case 'Chart':
      return describeChart(source.location);
    case 'Git':
      return source.url.text;
    case 'Artifact':
      return source.repositoryText;
  }
}

/** How a chart or an artifact in a registry is signed in to: as an image is. */
export function registrySourceOf(source: ChartSource | ArtifactSource, repository: Repository) {
  const { insecure, loginSecret, caSecret } = source;
  return { repositoryText: locationOfSource(source), repository, insecure, pullSecret: loginSecret, caSecret };
}
