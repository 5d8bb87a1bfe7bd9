/** `spec.deploy.helm`: wire form -> what the product works with. */
import { parseDuration } from '../../core/duration.ts';
import type { HelmDeploy, ImageValues, ValuesReference } from '../../core/helm/helm-deploy.ts';
import { parseValuePath, type ValuePath } from '../../core/helm/value-path.ts';
import type { Values } from '../../core/helm/values.ts';
import type { HelmDeployWire } from './helm-deploy.ts';

/** Where problems are noted: field and what is wrong with it. */
export interface ProblemNotes {
  note(field: string, problem: string): void;
  attempt<T>(read: () => T): T | undefined;
}

/** The sources as far as they could be read. */
export interface KnownSource {
  readonly name: string;
  readonly kind: string;
  /** Its policy follows a tag that stays the same. */
  readonly followsOneTag: boolean;
}

const field = 'spec.deploy.helm';
const releaseName = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const longestReleaseName = 53;

export function decodeHelmDeploy(
  app: string,
  wire: HelmDeployWire,
  { sources, problems }: { readonly sources: readonly KnownSource[]; readonly problems: ProblemNotes },
): HelmDeploy {
  const timeoutMs = problems.attempt(() => parseDuration(wire.timeout ?? '5m', `${field}.timeout`));
  return {
    kind: 'Helm',
    release: decodeRelease(wire.releaseName ?? app, problems),
    chart: decodeChart(wire.chart, sources, problems),
    values: (wire.values ?? {}) as Values,
    valuesFrom: (wire.valuesFrom ?? []).map((one, index) => decodeReference(one, index, problems)),
    images: (wire.images ?? []).map((one, index) => decodeImage(one, index, { sources, problems })),
    crds: wire.crds ?? 'Create',
    postRender: wire.postRender as Values | undefined,
    timeoutMs: timeoutMs ?? 0,
    serviceAccount: wire.serviceAccountName,
    test: decodeTest(wire.test, problems),
    drift: wire.drift ?? 'Ignore',
    maxHistory: wire.maxHistory ?? 10,
    onInstallFailure: wire.onInstallFailure ?? 'Uninstall',
  };
}

function decodeRelease(release: string, problems: ProblemNotes): string {
  if (release.length > longestReleaseName || !releaseName.test(release)) {
    problems.note(
      `${field}.releaseName`,
      `"${release}" is no name for a Helm release; use at most ${longestReleaseName} characters of a-z, 0-9, - and .`,
    );
  }
  return release;
}

function decodeTest(test: HelmDeployWire['test'], problems: ProblemNotes): HelmDeploy['test'] {
  const timeoutMs = problems.attempt(() => parseDuration(test?.timeout ?? '5m', `${field}.test.timeout`));
  return test === undefined || test.enabled === false ? undefined : { timeoutMs: timeoutMs ?? 0 };
}

function decodeChart(
  { source, fromRelease = false }: HelmDeployWire['chart'],
  sources: readonly KnownSource[],
  problems: ProblemNotes,
): HelmDeploy['chart'] {
  if (fromRelease === (source !== undefined)) {
    problems.note(`${field}.chart`, 'exactly one of source and fromRelease must be set');
  }
  if (source === undefined) {
    return { from: 'Release' };
  }
  const found = sources.find((one) => one.name === source);
  if (found?.kind !== 'Chart') {
    const charts = sources.filter((one) => one.kind === 'Chart').map((one) => one.name);
    problems.note(
      `${field}.chart.source`,
      `there is no chart source "${source}"; the chart sources are ${charts.join(', ') || 'none'}`,
    );
  }
  return { from: 'Source', source };
}

function decodeReference(
  wire: NonNullable<HelmDeployWire['valuesFrom']>[number],
  index: number,
  problems: ProblemNotes,
): ValuesReference {
  return {
    kind: wire.kind,
    name: wire.name,
    key: wire.valuesKey ?? 'values.yaml',
    target: decodePath(wire.targetPath, `${field}.valuesFrom[${index}].targetPath`, problems),
    optional: wire.optional ?? false,
  };
}

function decodeImage(
  wire: NonNullable<HelmDeployWire['images']>[number],
  index: number,
  { sources, problems }: { readonly sources: readonly KnownSource[]; readonly problems: ProblemNotes },
): ImageValues {
  const at = `${field}.images[${index}]`;
  const source = sources.find((one) => one.name === wire.source);
  if (source?.kind !== 'Image') {
    const images = sources.filter((one) => one.kind === 'Image').map((one) => one.name);
    problems.note(
      `${at}.source`,
      `there is no image source "${wire.source}"; the image sources are ${images.join(', ') || 'none'}`,
    );
  }
  const { repositoryPath, tagPath, digestPath, imagePath } = wire;
  if (tagPath === undefined && digestPath === undefined && imagePath === undefined) {
    problems.note(at, 'one of tagPath, digestPath and imagePath must be set');
  }
  if (source?.followsOneTag === true && digestPath === undefined && imagePath === undefined) {
    problems.note(at, 'the policy of its source follows a tag that stays the same; set digestPath or imagePath too');
  }
  return {
    source: wire.source,
    repository: decodePath(repositoryPath, `${at}.repositoryPath`, problems),
    tag: decodePath(tagPath, `${at}.tagPath`, problems),
    digest: decodePath(digestPath, `${at}.digestPath`, problems),
    image: decodePath(imagePath, `${at}.imagePath`, problems),
  };
}

function decodePath(text: string | undefined, at: string, problems: ProblemNotes): ValuePath | undefined {
  if (text === undefined) {
    return undefined;
  }
  const path = parseValuePath(text);
  if ('problem' in path) {
    problems.note(at, path.problem);
    return undefined;
  }
  return path;
}
