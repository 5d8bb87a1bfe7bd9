/** Sources of an App: wire form -> what the product works with. */
import type { ImageSource, Source } from '../../core/app/app.ts';
import type { ArtifactSource, ChartSource, GitFollow, GitSource } from '../../core/app/sources.ts';
import { filterOf } from '../../core/chart/chart-fit.ts';
import { parseChartLocation } from '../../core/chart/chart-location.ts';
import { type GitUrl, parseGitUrl } from '../../core/git/git-url.ts';
import { isRefName } from '../../core/git/names.ts';
import { parseRepository } from '../../core/image/reference.ts';
import type { ImagePolicy } from '../../core/policy/policy.ts';
import { parseRequirements } from '../../core/policy/requirements.ts';
import { parseImagePolicy, type WrittenImagePolicy } from '../../core/policy/written-policy.ts';
import { parseTreePath } from '../../core/source/tree-path.ts';
import { invalidObject } from '../decode.ts';
import type { SourceWire } from './app.ts';
import { decodeVerify } from './decode-verify.ts';
import type { ArtifactWire, ChartWire, GitWire } from './sources.ts';

/** Reads one part and keeps what is wrong with it, so that a person sees all at once. */
interface Attempts {
  note(field: string, problem: string): void;
  attempt<T>(read: () => T): T | undefined;
}

/** Where a source stands in the App. */
interface SourcePlace {
  readonly name: string;
  /** E.g. `spec.sources[0].chart`. */
  readonly field: string;
}

/** Undefined when it cannot be understood, which is noted. */
export function decodeSource(source: SourceWire, field: string, problems: Attempts): Source | undefined {
  const { name, image, chart, git, artifact, folder } = source;
  if ([image, chart, git, artifact, folder].filter((one) => one !== undefined).length !== 1) {
    problems.note(field, 'exactly one of image, chart, git, artifact and folder must be set');
    return undefined;
  }
  return (
    (image && decodeImage(image, { name, field: `${field}.image` }, problems)) ??
    (chart && decodeChart(chart, { name, field: `${field}.chart` }, problems)) ??
    (git && decodeGit(git, { name, field: `${field}.git` }, problems)) ??
    (artifact && decodeArtifact(artifact, { name, field: `${field}.artifact` }, problems)) ??
    (folder && { kind: 'Folder', name, path: folder.path })
  );
}

/** Which kind of source it is, as far as it is written. */
export function kindOf({ image, chart, git, artifact }: SourceWire): Source['kind'] {
  return (image && 'Image') || (chart && 'Chart') || (git && 'Git') || (artifact && 'Artifact') || 'Folder';
}

/** Whether something new of it can have the tag that runs, so that only digests tell versions apart. */
export function keepsItsTag({ image, chart, git, artifact }: SourceWire): boolean {
  if (git?.branch !== undefined) {
    return true;
  }
  const { digest, keel } = image?.policy ?? chart?.policy ?? git?.tag ?? artifact?.policy ?? {};
  return digest !== undefined || (keel?.policy === 'force' && keel.matchTag === true);
}

type ImageWire = NonNullable<SourceWire['image']>;

function decodeImage(image: ImageWire, { name, field }: SourcePlace, problems: Attempts): ImageSource | undefined {
  const repository = problems.attempt(() => at(`${field}.repository`, () => parseRepository(image.repository)));
  const policy = problems.attempt(() => parseImagePolicy(image.policy, `${field}.policy`));
  const { verify: written } = image;
  const verify = problems.attempt(() => written && decodeVerify(written, `${field}.verify`));
  if (!repository || !policy || (written && !verify)) {
    return undefined;
  }
  const { insecure, loginSecret, caSecret } = reachOf(image);
  return {
    kind: 'Image',
    name,
    repositoryText: image.repository,
    repository,
    policy,
    insecure,
    pullSecret: loginSecret,
    caSecret,
    verify,
  };
}

/** Helm's own default: the highest version that is no pre-release. */
const anyVersion = { semver: { range: '*' } };

function decodeChart(chart: ChartWire, { name, field }: SourcePlace, problems: Attempts): ChartSource | undefined {
  const location = problems.attempt(() => parseChartLocation(chart, field));
  const policy = problems.attempt(() => chartPolicy(parseOrder(chart.policy ?? anyVersion, `${field}.policy`)));
  const { appVersion, verify: written, provenance } = chart;
  problems.attempt(() => appVersion && filterOf(appVersion, `${field}.appVersion`));
  const verify = problems.attempt(() => written && decodeVerify(written, `${field}.verify`));
  if (written !== undefined && location?.kind === 'Index') {
    problems.note(
      `${field}.verify`,
      'is for a chart in a registry (oci://); write provenance for a repository with an index',
    );
  }
  if (!location || !policy || (written && !verify)) {
    return undefined;
  }
  return {
    kind: 'Chart',
    name,
    location,
    policy,
    appVersion,
    mustFitCluster: !(chart.ignoreKubeVersion ?? false),
    verify,
    provenance: provenance && { keyring: provenance.keyringSecretRef.name },
    ...reachOf(chart),
  };
}

/** A policy of what is no image: a setting without effect would be believed in. */
function parseOrder(written: WrittenImagePolicy, field: string): ImagePolicy {
  const policy = parseImagePolicy(written, field);
  if (policy.requirements?.platforms !== undefined) {
    throw invalidObject(`${field}.platforms`, ['are those of images; leave them out']);
  }
  return policy;
}

/** Versions of charts have no variants: what is behind a dash is a pre-release, what is behind a plus a build. */
function chartPolicy(policy: ImagePolicy): ImagePolicy {
  return policy.kind === 'semver' ? { ...policy, kind: 'fluxSemver' } : policy;
}

function decodeGit(git: GitWire, { name, field }: SourcePlace, problems: Attempts): GitSource | undefined {
  const url = problems.attempt(() => urlOf(git, field));
  const follow = decodeFollow(git, field, problems);
  if (git.branch !== undefined && git.verify?.signed === 'Tag') {
    problems.note(`${field}.verify.signed`, '"Tag" is for tags; a branch has commits');
  }
  if (!url || !follow) {
    return undefined;
  }
  const { loginSecret, caSecret } = reachOf(git);
  return { kind: 'Git', name, url, follow, verify: decodeGitVerify(git), loginSecret, caSecret };
}

function urlOf({ url: text, insecure }: GitWire, field: string): GitUrl {
  const url = at(`${field}.url`, () => parseGitUrl(text));
  if (url.scheme === 'http' && insecure !== true) {
    throw invalidObject(`${field}.url`, [`"${text}" is not encrypted; write https, or set insecure: true`]);
  }
  return url;
}

function decodeGitVerify({ verify, tag }: GitWire): GitSource['verify'] {
  // A signed tag names both itself and its commit. A signed commit says nothing of the tags that were put on it since.
  const usual = tag === undefined ? 'Commit' : 'Tag';
  return verify && { keys: verify.keysSecretRef.name, signed: verify.signed ?? usual };
}

function decodeFollow(git: GitWire, field: string, problems: Attempts): GitFollow | undefined {
  const { branch, tag, paths, minimumAge, ageFrom } = git;
  if ((branch === undefined) === (tag === undefined)) {
    problems.note(field, 'exactly one of branch and tag must be set');
    return undefined;
  }
  if (tag !== undefined) {
    if (paths !== undefined) {
      problems.note(`${field}.paths`, 'is for a branch; a tag is taken whatever it changes');
    }
    if ((minimumAge ?? ageFrom) !== undefined) {
      problems.note(`${field}.minimumAge`, 'and ageFrom are for a branch; write them into tag');
    }
    const policy = problems.attempt(() => parseOrder(tag, `${field}.tag`));
    return policy && { by: 'Tag', policy };
  }
  if (branch === undefined || !isRefName(branch)) {
    problems.note(`${field}.branch`, `"${branch}" is no name of a branch; write for example main`);
    return undefined;
  }
  const read = (paths ?? []).map((path, index) =>
    problems.attempt(() => parseTreePath(path, `${field}.paths[${index}]`)),
  );
  // The whole repository as one of the paths is the same as none.
  const inner = read.filter((path) => path !== undefined);
  const requirements = problems.attempt(() => parseRequirements({ minimumAge, ageFrom }, field));
  return { by: 'Branch', branch, paths: inner.includes('') ? [] : inner, requirements };
}

function decodeArtifact(
  artifact: ArtifactWire,
  { name, field }: SourcePlace,
  problems: Attempts,
): ArtifactSource | undefined {
  const text = artifact.repository.replace(/^oci:\/\//, '');
  const repository = problems.attempt(() => at(`${field}.repository`, () => parseRepository(text)));
  const policy = problems.attempt(() => parseOrder(artifact.policy, `${field}.policy`));
  const { verify: written } = artifact;
  const verify = problems.attempt(() => written && decodeVerify(written, `${field}.verify`));
  if (!repository || !policy || (written && !verify)) {
    return undefined;
  }
  return { kind: 'Artifact', name, repositoryText: text, repository, policy, verify, ...reachOf(artifact) };
}

function reachOf({
  insecure,
  secretRef,
  certSecretRef,
}: Pick<ArtifactWire, 'insecure' | 'secretRef' | 'certSecretRef'>) {
  return { insecure: insecure ?? false, loginSecret: secretRef?.name, caSecret: certSecretRef?.name };
}

function at<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalidObject(field, [error instanceof Error ? error.message : String(error)]);
  }
}
