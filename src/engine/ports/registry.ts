/** What the engine needs of container registries. */
import type { ImageSource } from '../../core/app/app.ts';
import type { Repository } from '../../core/image/reference.ts';
import type { Workload } from '../../core/workload/workload.ts';

/** How to reach one registry; made from the App's source and the Secrets it names. */
export interface RegistryAccess {
  /** Plain http. Only when the App says so. */
  readonly insecure: boolean;
  /** PEM certificates trusted besides the system's. */
  readonly caBundle?: string;
  readonly credentials?: RegistryCredentials;
  /** More that may be good for it, tried in turn when the registry refuses `credentials`. */
  readonly fallbacks?: readonly RegistryCredentials[];
  /**
   * Why there are not more credentials, one sentence each without secrets; for whoever asked, when the registry refuses. The registry's
   * answer itself is shared and does not have them.
   */
  readonly notes?: readonly string[];
}

export interface RegistryCredentials {
  /** Both empty where there is only an identity token. */
  readonly username: string;
  readonly password: string;
  /** A refresh token for the registry's token server, as docker login keeps it. */
  readonly identityToken?: string;
}

/** One platform of an image; `digest` is that of the platform's own manifest. */
export interface ImagePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly digest: string;
}

/** What a reference stands for right now. */
export interface ResolvedImage {
  /** Digest of the index, or of the manifest where there is no index: what a kubelet pulls by. */
  readonly digest: string;
  readonly platforms: readonly ImagePlatform[];
}

export interface Registry {
  /**
   * The complete list of tags. Throws rather than answering with a part of it, because a partial list
   * must never lead to a downgrade (fluxcd/flux2#4984).
   */
  listTags(repository: Repository, access: RegistryAccess, signal: AbortSignal): Promise<readonly string[]>;
  /** Digest behind a tag, by HEAD; undefined when the registry has no such tag. */
  findDigest(
    repository: Repository,
    tag: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Index and platforms behind a tag or digest; undefined when the registry has none. */
  findImage(
    repository: Repository,
    tagOrDigest: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<ResolvedImage | undefined>;
}

/** The registries as one check of an App sees them. */
export interface RegistryCheck extends Registry {
  /** When the oldest of its answers was asked for: it may miss what came later. Undefined before the first. */
  readonly asOf: Date | undefined;
}

/** All Apps on one repository share its answers; a question of nobody in particular is answered by what is a few seconds old. */
export interface SharedRegistry extends Registry {
  /** For one check, to which answers of at most this age are good enough. */
  within(maxAgeMs: number): RegistryCheck;
  /** What is asked of the repository from now on is not answered from before. */
  forget(repository: Repository): void;
}

/** What a source says of its registry. */
export type RegistrySource = Pick<
  ImageSource,
  'repositoryText' | 'repository' | 'insecure' | 'pullSecret' | 'caSecret'
>;

/** As whom the kubelet pulls the images of a workload. */
export type Puller = Pick<Workload, 'pullSecrets' | 'serviceAccount'>;

/** Access to the registry of a source; reads the Secrets it takes once and again after `forget`. */
export interface RegistryAccesses {
  /**
   * The credentials of the Secret that the source names; where it names none, or none of its entries fits, those that the kubelet would
   * take for the pullers. All of it is read in the one namespace.
   *
   * @param pullers workloads of the namespace that run images of the source
   * @throws SECRET_NOT_FOUND, SECRET_INVALID for what the source names; `context.field` is the field of the source: `secretRef` or
   *   `certSecretRef`. What is amiss with Secrets of pullers is a note in the access, as it is no error of the kubelet.
   */
  accessFor(
    namespace: string,
    source: RegistrySource,
    signal: AbortSignal,
    pullers?: readonly Puller[],
  ): Promise<RegistryAccess>;
  /** What `accessFor` gave did not do; a Secret may have been renewed since it was read. */
  forget(namespace: string, source: RegistrySource): void;
}
