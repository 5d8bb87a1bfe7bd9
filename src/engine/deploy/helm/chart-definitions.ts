/** CRDs of charts: what replacing them would make impossible to take back, and those that come back with a former version. */
import type { AppSpec } from '../../../core/app/app.ts';
import { isOperationError } from '../../../core/errors.ts';
import type { HelmDeploy } from '../../../core/helm/helm-deploy.ts';
import type { Revision } from '../../../core/helm/release.ts';
import { findOneWays } from '../../../core/manifest/irreversible.ts';
import { describeObject, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { clipMessage } from '../../../core/text.ts';
import type { Version, VersionChange } from '../../../core/update/version-change.ts';
import type { ReleaseKey } from '../../ports/helm.ts';
import type { HelmContext } from './helm-context.ts';

const mostOneWays = 50;

interface Asked {
  readonly namespace: string;
  readonly spec: AppSpec;
  readonly deploy: HelmDeploy;
}

/**
 * What of the CRDs in the cluster going back would not bring back once those of the new chart have replaced them. Where that cannot
 * be found out, it says so: an Update that must have a way back is refused then.
 */
export async function findDefinitionOneWays(
  context: HelmContext,
  { changes, ...asked }: Asked & { readonly changes: readonly VersionChange[] },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { chart, crds } = asked.deploy;
  const to = chart.from === 'Source' ? changes.find(({ source }) => source === chart.source)?.to : undefined;
  if (crds !== 'CreateReplace' || to === undefined) {
    return [];
  }
  try {
    const after = await definitionsOf(context, asked, to, signal);
    return sayOneWays(await inCluster(context, asked, after, signal), after);
  } catch (error) {
    return [sayUnknown(error)];
  }
}

/** As many as a record holds. */
export function sayOneWays(before: readonly ManifestObject[], after: readonly ManifestObject[]): readonly string[] {
  return findOneWays(before, after)
    .slice(0, mostOneWays)
    .map(({ object, reason }) => clipMessage(`${describeObject(object)} ${reason}`));
}

/** @throws what is no failure of something outside */
export function sayUnknown(error: unknown): string {
  if (!isOperationError(error) || error.code === 'INVARIANT') {
    throw error;
  }
  return clipMessage(`whether the CRDs of the chart can go back was not to be found out: ${error.message}`);
}

async function definitionsOf(
  { charts, definitions }: HelmContext,
  { namespace, spec, deploy }: Asked,
  version: Version,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const { chart } = deploy;
  const source = spec.sources.find((one) => chart.from === 'Source' && one.name === chart.source);
  if (source === undefined) {
    return [];
  }
  const archive = await charts.fetchChart(namespace, source, version, signal);
  return await definitions.read({ kind: 'Archive', archive });
}

/** Those that there are, as they are now. */
export async function inCluster(
  { objects }: HelmContext,
  { namespace, deploy }: Pick<Asked, 'namespace' | 'deploy'>,
  wanted: readonly ManifestObject[],
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const name = deploy.serviceAccount;
  const cluster = objects.actingAs(name === undefined ? undefined : { namespace, name });
  const found: ManifestObject[] = [];
  for (const one of wanted) {
    const live = await cluster.read(one, signal);
    found.push(...(live === undefined ? [] : [{ ...one, object: live }]));
  }
  return found;
}

/**
 * The CRDs to put back with a revision, where the App has them replaced: those of its chart as the source has it, for Helm keeps no
 * copy of subcharts; where the source does not have it any more, those that Helm kept.
 */
export async function formerDefinitions(
  context: HelmContext,
  { release, ...asked }: Asked & { readonly release: ReleaseKey },
  target: Revision,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (asked.deploy.crds !== 'CreateReplace') {
    return [];
  }
  const found =
    (await fromSource(context, asked, target, signal)) ?? (await fromRelease(context, release, target, signal));
  return found.map(({ object }) => JSON.stringify(object));
}

async function fromSource(
  context: HelmContext,
  asked: Asked,
  { marks }: Revision,
  signal: AbortSignal,
): Promise<readonly ManifestObject[] | undefined> {
  const { chart } = asked.deploy;
  if (chart.from !== 'Source' || marks?.chartVersion === undefined || marks.chartDigest === undefined) {
    return undefined;
  }
  try {
    return await definitionsOf(context, asked, { tag: marks.chartVersion, digest: marks.chartDigest }, signal);
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT') {
      throw error;
    }
    return undefined;
  }
}

async function fromRelease(
  { releases, definitions }: HelmContext,
  release: ReleaseKey,
  target: Revision,
  signal: AbortSignal,
): Promise<readonly ManifestObject[]> {
  const opened = await releases.open(release, target, signal);
  return opened ? await definitions.read({ kind: 'Files', files: opened.chart.files }) : [];
}
