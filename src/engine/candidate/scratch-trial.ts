/** A trial in a scratch namespace: a Release is put in place there as a cluster that subscribes does it, by Apps that are fixed to its versions. */
import { type Trial, versionsIn } from '../../core/candidate/candidate.ts';
import type { CandidateSight, Standing } from '../../core/candidate/candidate-step.ts';
import { isBasing } from '../../core/candidate/path-steps.ts';
import { isHanging } from '../../core/candidate/transitions.ts';
import { sayPath, type TrialPath } from '../../core/candidate/trial-path.ts';
import type { ReleasedApp } from '../../core/channel/release.ts';
import { isOperationError } from '../../core/errors.ts';
import type { VersionChange } from '../../core/update/version-change.ts';
import { decodeRelease } from '../../resources/channel/decode-release.ts';
import { scratchLabel } from '../../resources/metadata.ts';
import { hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Removal, ScratchSpace } from '../ports/scratch-spaces.ts';
import type { SubscribedApp } from '../ports/subscriptions.ts';
import { instantiateApp } from '../subscription/build-app.ts';
import { isGiven, isRunningReleased } from '../subscription/give-release.ts';
import type { CandidateContext, Hub, HubAtWork, Installed, Performed } from './candidate-context.ts';
import { releasedOf } from './make-release.ts';
import type { PathTrial } from './path-trial.ts';

export function spaceOf({ channel, spec }: Hub, { scratch }: Pick<Trial, 'scratch'>): ScratchSpace {
  const { namespace, name, uid } = channel.metadata;
  return { namespace: scratch ?? spec.tryOn?.namespace ?? '', channel: { namespace, name, uid } };
}

/** What the Apps there shall run now: the older Release, or the set. */
function wantedOf(context: CandidateContext, hub: HubAtWork, trial: PathTrial) {
  const { path } = trial;
  return path.kind === 'Upgrade' && isBasing(trial, path)
    ? { release: path.from, apps: releasedBefore(context, hub, path) }
    : {
        release: `${hub.channel.metadata.name}-${hub.candidate.number}-${hub.candidate.trials.length}`,
        apps: releasedOf(hub, hub.candidate.apps, trial.members),
      };
}

/** @returns nothing where the Release was deleted meanwhile */
function releasedBefore({ channels }: CandidateContext, { channel }: Hub, path: TrialPath): readonly ReleasedApp[] {
  const older = channels
    .listReleases(channel)
    .find(({ metadata }) => path.kind === 'Upgrade' && metadata.name === path.from);
  return older ? decodeRelease(older.metadata.name, older.spec).apps : [];
}

type Built = { readonly app: SubscribedApp } | { readonly problem: string };

function build(space: ScratchSpace, release: string, released: ReleasedApp): Built {
  try {
    const labels = { [scratchLabel]: space.channel.uid };
    const { namespace } = space;
    const app = instantiateApp({ release, namespace, labels, files: { kind: 'Sources' } }, released);
    // There is no data of anybody's, and the backups of the test cluster are not to be thinned out by it.
    const { notify: _told, backup: _kept, ...spec } = app.spec;
    const { manifests } = spec.deploy;
    const { namespace: _elsewhere, ...own } = manifests ?? {};
    const deploy = manifests ? { ...spec.deploy, manifests: { ...own, deletion: 'Prune' as const } } : spec.deploy;
    return { app: { ...app, spec: { ...spec, deploy } } };
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return { problem: error.message };
    }
    throw error;
  }
}

/** How each App stands there. Good news are believed once the API server itself knows of no Update that is under way. */
export async function scratchStandings(
  context: CandidateContext,
  hub: HubAtWork,
  trial: PathTrial,
  signal: AbortSignal,
): Promise<CandidateSight['standings']> {
  const space = spaceOf(hub, trial);
  const wanted = wantedOf(context, hub, trial);
  const seen = wanted.apps.map((released): [string, Standing] => [
    released.name,
    standingOf(context, { space, release: wanted.release }, released),
  ]);
  const isThere = trial.arrivedAt === undefined && seen.every(([, { kind }]) => kind === 'Arrived');
  const updates = isThere ? await context.records.readUpdates({ namespace: space.namespace }, signal) : [];
  const open = updates.find((update) => !hasEnded(update));
  return open === undefined
    ? new Map(seen)
    : new Map([...seen, [open.spec.app, { kind: 'Moving', message: `Update ${open.metadata.name} is under way` }]]);
}

function standingOf(
  { scratch, records }: CandidateContext,
  { space, release }: { readonly space: ScratchSpace; readonly release: string },
  released: ReleasedApp,
): Standing {
  const built = build(space, release, released);
  if ('problem' in built) {
    return { kind: 'Rejected', message: built.problem };
  }
  const app = scratch.findApp(space.namespace, released.name);
  if (app === undefined || !isGiven(app, built.app)) {
    return { kind: 'Absent' };
  }
  const { status, metadata } = app;
  const waiting = status?.waiting;
  const open = records.listUpdates(space.namespace, released.name).find((update) => !hasEnded(update));
  if (open !== undefined || status?.observedGeneration !== metadata.generation) {
    return { kind: 'Moving', message: open?.status?.waiting?.message ?? 'it is brought there' };
  }
  if (waiting?.reason === 'VersionRejected') {
    return { kind: 'Rejected', message: waiting.message };
  }
  if (!isRunningReleased(app, released)) {
    return { kind: 'Moving', message: waiting?.message ?? 'it was not looked at yet' };
  }
  return outcomeOf(records.listUpdates(space.namespace, released.name).at(0));
}

/** What is there may be what failed: a first install has nothing to go back to. */
function outcomeOf(last: UpdateObjectWire | undefined): Standing {
  const { phase, failure } = last?.status ?? {};
  return phase === 'Failed' || phase === 'RolledBack'
    ? { kind: 'Rejected', message: failure?.message ?? `its Update ended as ${phase}` }
    : { kind: 'Arrived' };
}

/** Nothing wakes a Channel once a namespace is gone. */
const lookAgainMs = 2_000;

/** @throws CHANNEL_INVALID where the namespace cannot be had; errors of the API server */
export async function installInScratch(
  context: CandidateContext,
  hub: HubAtWork,
  trial: PathTrial,
  signal: AbortSignal,
): Promise<Installed> {
  const space = spaceOf(hub, trial);
  const { copies = nothingCopied } = hub.spec.tryOn ?? {};
  context.assertLeading();
  const removal = await context.scratch.open(space, { expiresAt: expiryOf(hub, trial), copies }, signal);
  if (removal !== undefined) {
    const message = `${sayPath(trial.path)}: ${sayRemoval(space, removal)}`;
    return isHanging(trial.startedAt, context.clock.now())
      ? { kind: 'Ended', result: { kind: 'Unclear', message, blames: [], inSoak: false } }
      : waiting(context, message);
  }
  const wanted = wantedOf(context, hub, trial);
  for (const released of wanted.apps) {
    const built = build(space, wanted.release, released);
    const existing = context.scratch.findApp(space.namespace, released.name);
    if ('app' in built && (existing === undefined || !isGiven(existing, built.app))) {
      context.assertLeading();
      await context.scratch.applyApp(built.app, signal);
    }
  }
  return waiting(context, `${sayPath(trial.path)}: its Apps are put into namespace ${space.namespace}`);
}

const nothingCopied = { secrets: [], configMaps: [], serviceAccounts: [] };
const graceMs = 3_600_000;

/** Long after all that is tried there has ended. */
function expiryOf({ spec }: Hub, { startedAt }: Trial): Date {
  const testsMs = spec.tests.reduce((sum, { pace }) => sum + pace.timeoutMs, 0);
  return new Date(startedAt.getTime() + (spec.tryOn?.timeoutMs ?? 0) + testsMs + graceMs);
}

function waiting({ clock }: CandidateContext, message: string): Performed {
  const until = new Date(clock.now().getTime() + lookAgainMs);
  return { kind: 'Waiting', waiting: { reason: 'CandidateRollout', message, until } };
}

/** @returns undefined once nothing is left of the trials that are over */
export async function clearScratch(
  context: CandidateContext,
  hub: HubAtWork,
  trial: Trial,
  signal: AbortSignal,
): Promise<Performed | undefined> {
  const space = spaceOf(hub, trial);
  context.assertLeading();
  const removal = await context.scratch.clear(space, signal);
  return removal && waiting(context, sayRemoval(space, removal));
}

function sayRemoval({ namespace }: ScratchSpace, { heldBy }: Removal): string {
  return `namespace ${namespace} is being removed${heldBy === undefined ? '' : ` and is not gone yet: ${heldBy}`}`;
}

/** What the Apps' own tests came to, before their Updates go with the namespace. */
export async function readAppTests(
  { records }: CandidateContext,
  hub: HubAtWork,
  trial: PathTrial,
  signal: AbortSignal,
): Promise<NonNullable<Trial['appTests']>> {
  const updates = await records.readUpdates({ namespace: spaceOf(hub, trial).namespace }, signal);
  const names = new Set(updates.map(({ spec }) => spec.app));
  return [...names].toSorted().flatMap((app) => {
    const newest = updates
      .filter(({ spec, status }) => spec.app === app && status?.phase === 'Succeeded')
      .toSorted((left, right) => right.spec.sequence - left.spec.sequence)[0];
    const passed = (newest?.status?.tests ?? []).filter(({ verdict }) => verdict === 'Pass');
    return passed.map(({ name, startedAt, finishedAt = startedAt, logDigest }) => ({
      ...{ name: `${app}/${name}`, logDigest },
      ...{ startedAt: new Date(startedAt), finishedAt: new Date(finishedAt) },
    }));
  });
}

/** What the tests there are told: each App is a source, by its name; its version is that of its first source. */
export function changesOnPath(context: CandidateContext, hub: HubAtWork, trial: PathTrial): readonly VersionChange[] {
  const nothing = { tag: undefined, digest: undefined };
  const before = releasedBefore(context, hub, trial.path);
  return hub.candidate.apps.map((app): VersionChange => {
    const [from = nothing] = before.find(({ name }) => name === app.name)?.versions ?? [];
    const [to = nothing] = versionsIn(trial, app);
    return { source: app.name, repository: '', from: { tag: from.tag, digest: from.digest }, to };
  });
}
