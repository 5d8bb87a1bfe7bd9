/** What an App of deploy kind `helm` asks for; the wire form is resources/helm-deploy.ts. */
import type { ValuePath } from './value-path.ts';
import { digestOf, type Values } from './values.ts';

export interface HelmDeploy {
  readonly kind: 'Helm';
  /** Name of the Helm release, in the App's namespace. */
  readonly release: string;
  readonly chart:
    | { readonly from: 'Source'; readonly source: string }
    /** The chart and the values that the release has; only what the App says is laid over them. */
    | { readonly from: 'Release' };
  readonly values: Values;
  /** In this order, each over the one before; `values` over all. */
  readonly valuesFrom: readonly ValuesReference[];
  readonly images: readonly ImageValues[];
  readonly crds: 'Skip' | 'Create' | 'CreateReplace';
  /** Patches and images of a kustomization that all rendered objects go through. */
  readonly postRender: Values | undefined;
  /** For each hook. */
  readonly timeoutMs: number;
  readonly serviceAccount: string | undefined;
  /** `helm test` once everything is healthy; undefined: not. */
  readonly test: { readonly timeoutMs: number } | undefined;
  readonly drift: 'Correct' | 'Report' | 'Ignore';
  readonly maxHistory: number;
  /** What becomes of a first installation that is bad. */
  readonly onInstallFailure: 'Uninstall' | 'Keep';
}

export interface ValuesReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key: string;
  /** Where its text goes as one value; undefined: it is a values file. */
  readonly target: ValuePath | undefined;
  readonly optional: boolean;
}

/** Where the version of an image source goes. */
export interface ImageValues {
  readonly source: string;
  readonly repository: ValuePath | undefined;
  readonly tag: ValuePath | undefined;
  readonly digest: ValuePath | undefined;
  /** `repository:tag@digest` as one text. */
  readonly image: ValuePath | undefined;
}

/**
 * Names the state of what the App asks for besides versions, so that a change of it is an Update like any other.
 *
 * @param composed the values of the App and of the documents it names
 */
export function settingsDigestOf(deploy: HelmDeploy, composed: Values): string {
  const paths = deploy.images.map(({ source, repository, tag, digest, image }) => [
    source,
    ...[repository, tag, digest, image].map((path) => path ?? null),
  ]);
  return digestOf({ values: composed, images: paths, postRender: deploy.postRender ?? null });
}
