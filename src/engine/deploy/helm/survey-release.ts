/** How the Helm release of an App stands, from watched copies. */
import type { AppSpec } from '../../../core/app/app.ts';
import { OperationError } from '../../../core/errors.ts';
import { assessWorkload } from '../../../core/health/assess.ts';
import type { Fields } from '../../../core/health/objects/fields.ts';
import { versionInValues } from '../../../core/helm/compose-values.ts';
import { type HelmDeploy, settingsDigestOf } from '../../../core/helm/helm-deploy.ts';
import type { Revision } from '../../../core/helm/release.ts';
import { assessRelease, lastGood, type ReleaseState } from '../../../core/helm/release-state.ts';
import type { StoredRelease } from '../../../core/helm/stored-release.ts';
import { mergeValues } from '../../../core/helm/values.ts';
import { specSource, type Version, type VersionChange } from '../../../core/update/version-change.ts';
import { isWorkloadKind, type Workload } from '../../../core/workload/workload.ts';
import { type AppObjectWire, readAppSpec } from '../../../resources/app/decode-app.ts';
import { hasEnded } from '../../../resources/update/decode-update.ts';
import type { ReleaseKey } from '../../ports/helm.ts';
import type { Survey } from '../deployer.ts';
import { readEvery } from '../read-every.ts';
import { findDrift } from './find-drift.ts';
import { type HelmContext, helmDeployOf } from './helm-context.ts';
import { readValues } from './read-documents.ts';
import { addressesOf } from './release-objects.ts';

export async function surveyRelease(
  context: HelmContext,
  app: AppObjectWire,
  spec: AppSpec,
  signal: AbortSignal,
): Promise<Survey> {
  const deploy = helmDeployOf(spec);
  const { namespace, name } = app.metadata;
  const release = { namespace, name: deploy.release };
  const revisions = await context.releases.list(release, signal);
  const composed = await readValues(context.documents, { namespace, name }, deploy, signal);
  const settingsDigest = settingsDigestOf(deploy, composed.values);
  const good = lastGood(revisions);
  const opened = good && (await openWhereNeeded(context, release, { deploy, good }, signal));
  const state = assessRelease(revisions, { app: name, chartDigest: undefined, settingsDigest });
  const drift = opened && state.kind === 'InSync' ? await lookForDrift(context, app, { deploy, opened }, signal) : [];
  const workloads = opened ? workloadsOf(context, namespace, opened) : [];
  return {
    versions: versionsOf(deploy, good, opened),
    problems: [...composed.problems, ...problemsOf(deploy, state, opened)],
    conflict: conflictOf(context, app, deploy.release),
    basis: JSON.stringify([revisions[0]?.stamp, settingsDigest]),
    objects: [`HelmRelease/${deploy.release}`],
    workloads,
    pending:
      pendingOf(deploy, { state, good }, settingsDigest) ??
      correctionOf(context, app, deploy, { drift, settingsDigest }),
    notes: drift,
    readObjects: async (inner) => await readObjects(context, release, { deploy, good }, inner),
    isHealthy: () => workloads.every((workload) => assessWorkload(workload, [], new Map()).kind === 'Current'),
    confirm: async (inner) => await confirm(context, release, revisions, inner),
  };
}

/** With the rights that Helm has there. */
async function readObjects(
  context: HelmContext,
  release: ReleaseKey,
  { deploy, good }: { readonly deploy: HelmDeploy; readonly good: Revision | undefined },
  signal: AbortSignal,
): Promise<readonly Fields[]> {
  const { namespace } = release;
  const { serviceAccount } = deploy;
  const opened = good && (await context.releases.open(release, good, signal));
  const addresses = await addressesOf(context, namespace, opened?.objects ?? [], signal);
  const acting = serviceAccount === undefined ? undefined : { namespace, name: serviceAccount };
  return await readEvery(context.objects.actingAs(acting), addresses, signal);
}

/** What a revision holds is not asked for where its labels say enough. */
async function openWhereNeeded(
  { releases }: HelmContext,
  release: ReleaseKey,
  { deploy, good }: { readonly deploy: HelmDeploy; readonly good: Revision },
  signal: AbortSignal,
): Promise<StoredRelease | undefined> {
  const isKnown =
    good.marks?.chartVersion !== undefined && deploy.images.length === 0 && deploy.chart.from === 'Source';
  return isKnown && deploy.drift === 'Ignore' ? undefined : await releases.open(release, good, signal);
}

function versionsOf(
  deploy: HelmDeploy,
  good: Revision | undefined,
  opened: StoredRelease | undefined,
): ReadonlyMap<string, readonly Version[]> {
  const versions = new Map<string, readonly Version[]>();
  if (good === undefined) {
    return versions;
  }
  if (deploy.chart.from === 'Source') {
    const tag = good.marks?.chartVersion ?? opened?.chart.version;
    versions.set(deploy.chart.source, [{ tag, digest: good.marks?.chartDigest }]);
  }
  for (const { source } of deploy.images) {
    const values = opened && mergeValues(opened.chart.values, opened.values);
    const version = values && versionInValues(deploy.images, source, values);
    versions.set(source, version ? [version] : []);
  }
  return versions;
}

/** What the release itself says against what the App asks for. */
function problemsOf(deploy: HelmDeploy, state: ReleaseState, opened: StoredRelease | undefined): readonly string[] {
  if (deploy.chart.from === 'Source') {
    return [];
  }
  const field = 'spec.deploy.helm.chart.fromRelease';
  if (state.kind === 'Absent') {
    return [`${field}: there is no Helm release "${deploy.release}" in this namespace; install it, or name a source`];
  }
  const dependencies = opened?.chart.dependencies ?? [];
  return dependencies.length === 0
    ? []
    : [
        `${field}: Helm keeps no copy of the charts that "${opened?.chart.name}" depends on (${dependencies.join(', ')}); name a chart source instead`,
      ];
}

/** What is wanted and not in place although no source has anything newer. */
function pendingOf(
  deploy: HelmDeploy,
  { state, good }: { readonly state: ReleaseState; readonly good: Revision | undefined },
  settingsDigest: string,
): VersionChange | undefined {
  if (state.kind === 'InSync' || state.kind === 'Locked') {
    return undefined;
  }
  if ((state.kind === 'Absent' || good === undefined) && deploy.chart.from === 'Source') {
    // The chart is newer than nothing: were both named, a bad chart would have good values rejected.
    return undefined;
  }
  if (state.kind === 'Unmanaged' && hasNoSettings(deploy)) {
    // An upgrade would only run hooks that nobody asked for. It is ours with the first newer image.
    return undefined;
  }
  const marks = state.kind === 'Absent' ? undefined : state.revision.marks;
  return {
    source: specSource,
    repository: `helm release ${deploy.release}`,
    from: { tag: undefined, digest: state.kind === 'OutOfSync' ? marks?.settingsDigest : undefined },
    to: { tag: undefined, digest: settingsDigest },
  };
}

/** Whether all that the App sets are versions: then what somebody else installed is as it should be. */
function hasNoSettings({ chart, values, valuesFrom, postRender }: HelmDeploy): boolean {
  const isEmpty = Object.keys(values).length === 0 && valuesFrom.length === 0;
  return chart.from === 'Release' && isEmpty && postRender === undefined;
}

/** While an Update is under way, what differs is on its way. */
async function lookForDrift(
  context: HelmContext,
  app: AppObjectWire,
  { deploy, opened }: { readonly deploy: HelmDeploy; readonly opened: StoredRelease },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { namespace, name } = app.metadata;
  const last = context.records.listUpdates(namespace, name).at(0);
  const isAtRest = last === undefined || hasEnded(last);
  return deploy.drift === 'Ignore' || !isAtRest
    ? []
    : await findDrift(context, { namespace, name }, { deploy, opened }, signal);
}

/** How long what was put back is left alone when somebody changes it again. */
const correctionPauseMs = 600_000;

/** The same chart and settings once more: an Update with its record, its health and its way back like any other. */
function correctionOf(
  { records, clock }: HelmContext,
  app: AppObjectWire,
  deploy: HelmDeploy,
  { drift, settingsDigest }: { readonly drift: readonly string[]; readonly settingsDigest: string },
): VersionChange | undefined {
  const last = records.listUpdates(app.metadata.namespace, app.metadata.name).at(0);
  const finishedAt = last?.status?.finishedAt;
  const wasCorrection = last?.spec.changes.every(({ from, to }) => from.digest === to.digest) ?? false;
  const isSoon =
    wasCorrection && finishedAt !== undefined && clock.now().getTime() < Date.parse(finishedAt) + correctionPauseMs;
  if (deploy.drift !== 'Correct' || drift.length === 0 || isSoon) {
    return undefined;
  }
  const version = { tag: undefined, digest: settingsDigest };
  return { source: specSource, repository: `helm release ${deploy.release}`, from: version, to: version };
}

function workloadsOf({ workloads }: HelmContext, namespace: string, { objects }: StoredRelease): readonly Workload[] {
  return objects.flatMap(({ kind, name, namespace: own }) => {
    const found = isWorkloadKind(kind) ? workloads.find({ kind, namespace: own || namespace, name }) : undefined;
    return found ? [found] : [];
  });
}

/** Of several Apps for one release the oldest has it. */
function conflictOf({ records }: HelmContext, app: AppObjectWire, release: string): string | undefined {
  const { namespace, name } = app.metadata;
  const age = ({ metadata }: AppObjectWire) => `${metadata.creationTimestamp} ${metadata.name}`;
  const older = records.listApps(namespace).find((other) => {
    const read = other.metadata.name === name ? undefined : readAppSpec(other);
    const deploy = read?.kind === 'Valid' ? read.value.deploy : undefined;
    return deploy?.kind === 'Helm' && deploy.release === release && age(other) < age(app);
  });
  return older && `Helm release "${release}" is looked after by App ${older.metadata.name} already`;
}

async function confirm(
  { releases }: HelmContext,
  release: ReleaseKey,
  seen: readonly Revision[],
  signal: AbortSignal,
): Promise<void> {
  const [now] = await releases.read(release, signal);
  if (now?.stamp !== seen[0]?.stamp) {
    throw new OperationError(`start an Update: Helm release ${release.name} changed meanwhile`, {
      code: 'UPDATE_CONFLICT',
      retry: 'backoff',
    });
  }
}
