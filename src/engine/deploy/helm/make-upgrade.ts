/** The upgrade of an Update: chart, values and versions put together. */
import { locationOf } from '../../../core/app/app.ts';
import { OperationError } from '../../../core/errors.ts';
import { versionInValues, withImages } from '../../../core/helm/compose-values.ts';
import { type HelmDeploy, settingsDigestOf } from '../../../core/helm/helm-deploy.ts';
import { lastGood } from '../../../core/helm/release-state.ts';
import type { StoredRelease } from '../../../core/helm/stored-release.ts';
import { canonicalJson, mergeValues, type Values } from '../../../core/helm/values.ts';
import type { Journal } from '../../../core/update/journal.ts';
import type { Version } from '../../../core/update/version-change.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import type { ChartContent, HelmOperation, ReleaseKey } from '../../ports/helm.ts';
import type { Work } from '../deployer.ts';
import { type HelmContext, helmPlanOf, releaseOf, wishesOf } from './helm-context.ts';
import { readValues } from './read-documents.ts';

type Upgrade = Extract<HelmOperation, { kind: 'Upgrade' }>;

/** An Update whose plan is made, if not written yet. */
export interface PlannedWork extends Pick<Work, 'update' | 'spec'> {
  readonly journal: Pick<Journal, 'plan'>;
}

/**
 * Reads everything anew; what was planned holds.
 *
 * @throws UPDATE_CONFLICT when the App asks for other settings by now, errors of the chart's source
 */
export async function makeUpgrade(context: HelmContext, work: PlannedWork, signal: AbortSignal): Promise<Upgrade> {
  const { update } = work;
  const plan = helmPlanOf(work.journal);
  const { spec, deploy } = wishesOf(work.spec, update);
  const { namespace } = update.metadata;
  const app = { namespace, name: update.spec.app };
  const composed = await readValues(context.documents, app, deploy, signal);
  const settingsDigest = settingsDigestOf(deploy, composed.values);
  if (settingsDigest !== plan.settingsDigest) {
    throw new OperationError(`Update ${update.metadata.name}: what the App asks for changed since the plan was made`, {
      code: 'UPDATE_CONFLICT',
      retry: 'never',
    });
  }
  const opened = await openGood(context, releaseOf(update, plan), signal);
  const { content, version } = await chartOf(context, work, { deploy, opened }, signal);
  const base = deploy.chart.from === 'Release' ? (opened?.values ?? {}) : {};
  const repositories = new Map(spec.sources.map((source) => [source.name, locationOf(source)]));
  const versions = imageVersions(work, deploy, opened);
  return {
    kind: 'Upgrade',
    chart: content,
    values: withImages(mergeValues(base, composed.values), deploy.images, { versions, repositories }),
    secrets: composed.secrets,
    marks: {
      app: app.name,
      update: update.metadata.name,
      chartDigest: version?.digest,
      chartVersion: version?.tag ?? opened?.chart.version,
      settingsDigest,
    },
    kustomization: deploy.postRender && kustomizationOf(deploy.postRender),
    maxHistory: deploy.maxHistory,
    crds: deploy.crds,
    timeoutMs: deploy.timeoutMs,
    serviceAccount: deploy.serviceAccount,
  };
}

async function openGood(
  { releases }: HelmContext,
  release: ReleaseKey,
  signal: AbortSignal,
): Promise<StoredRelease | undefined> {
  const good = lastGood(await releases.read(release, signal));
  return good && (await releases.open(release, good, signal));
}

async function chartOf(
  context: HelmContext,
  work: PlannedWork,
  { deploy, opened }: { readonly deploy: HelmDeploy; readonly opened: StoredRelease | undefined },
  signal: AbortSignal,
): Promise<{ readonly content: ChartContent; readonly version: Version | undefined }> {
  const { chart } = deploy;
  if (chart.from === 'Release') {
    if (opened === undefined) {
      throw impossible(`there is no Helm release "${deploy.release}" whose chart could be kept`);
    }
    return { content: { kind: 'Files', files: filesOf(opened) }, version: undefined };
  }
  const { update, spec } = work;
  const source = spec?.sources.find((one) => one.name === chart.source);
  const moved = changesOf(update.spec).find((change) => change.source === chart.source)?.to;
  const version = moved ?? stayingChart(opened, work);
  if (source === undefined || version.tag === undefined) {
    throw impossible(
      `which version of chart source "${chart.source}" runs is not known; its policy must choose one first`,
    );
  }
  const archive = await context.charts.fetchChart(update.metadata.namespace, source, version, signal);
  return { content: { kind: 'Archive', archive }, version };
}

/** Of a release that gets other settings only. Of one that somebody else installed the digest is not known. */
function stayingChart(opened: StoredRelease | undefined, { journal }: PlannedWork): Version {
  const { chart } = helmPlanOf(journal);
  return { tag: chart?.version ?? opened?.chart.version, digest: chart?.digest };
}

/** A chart as Helm stores it, as files again. */
function filesOf({ chart }: StoredRelease): ReadonlyMap<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>(chart.files);
  files.set('Chart.yaml', canonicalJson(chart.metadata));
  files.set('values.yaml', canonicalJson(chart.values));
  if (chart.schema !== '') {
    files.set('values.schema.json', chart.schema);
  }
  return files;
}

/** Every image source's version: the new one where it moves, else the one that the release has. */
function imageVersions(
  { update }: PlannedWork,
  deploy: HelmDeploy,
  opened: StoredRelease | undefined,
): ReadonlyMap<string, Version> {
  const moved = new Map(changesOf(update.spec).map(({ source, to }) => [source, to]));
  const versions = new Map<string, Version>();
  for (const { source } of deploy.images) {
    const version = moved.get(source) ?? (opened && versionInValues(deploy.images, source, opened.values));
    if (version) {
      versions.set(source, version);
    }
  }
  return versions;
}

/** JSON is YAML. What is rendered comes in as a resource of its own (adapters/helm/post-renderer.ts). */
function kustomizationOf(postRender: Values): string {
  return canonicalJson({ ...postRender, resources: ['/dev/stdin'] });
}

function impossible(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}
