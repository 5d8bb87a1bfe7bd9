/** Gives the Apps of a cluster the versions of a Release. What becomes of them then is the Apps' own matter: gates, health, tests, going back. */
import { isDeepStrictEqual } from 'node:util';
import type { Release, ReleasedApp } from '../../core/channel/release.ts';
import { isOperationError } from '../../core/errors.ts';
import { isSpecAsWanted } from '../../resources/app/app-defaults.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { releaseAnnotation, subscriptionLabel } from '../../resources/metadata.ts';
import type { SubscribedApp } from '../ports/subscriptions.ts';
import { type BuildContext, buildApp } from './build-app.ts';
import { checkOverlay } from './check-overlay.ts';
import type { AppStanding, FollowContext, FollowState, FollowWork } from './subscription-pass.ts';

export interface Given {
  readonly apps: readonly AppStanding[];
  /** Whether all run it. */
  readonly state: FollowState;
  /** What kept Apps from being given it; then none was. */
  readonly problem: FollowState | undefined;
}

/** All or none: what is wrong with one App is found before any is written. Writes nothing where all is so already. */
export async function giveRelease(
  context: FollowContext,
  work: FollowWork,
  release: Release,
  signal: AbortSignal,
): Promise<Given> {
  const planned = await planApps(context, work, release, signal);
  if ('problem' in planned) {
    return { apps: standingOf(context, work, release), state: planned.problem, problem: planned.problem };
  }
  for (const app of planned.apps) {
    context.assertLeading();
    await context.subscriptions.applyApp(app, signal);
  }
  for (const app of work.spec.deletesDroppedApps ? droppedApps(context, work, release) : []) {
    context.assertLeading();
    await context.subscriptions.deleteApp(app, signal);
  }
  const apps = standingOf(context, work, release);
  return { apps, state: judgeStanding(apps, release), problem: undefined };
}

function judgeStanding(apps: readonly AppStanding[], { name }: Release): FollowState {
  const waiting = apps.filter(({ state }) => state === 'Pending' || state === 'Rejected');
  if (waiting.length === 0) {
    return { kind: 'UpToDate' };
  }
  const names = waiting.map((app) => `${app.name}${app.state === 'Rejected' ? ' (rejected)' : ''}`).join(', ');
  return { kind: 'InProgress', message: `these Apps do not run ${name} yet: ${names}` };
}

type Plan = { readonly apps: readonly SubscribedApp[] } | { readonly problem: FollowState };

/** What has to be written. */
async function planApps(
  context: FollowContext,
  work: FollowWork,
  release: Release,
  signal: AbortSignal,
): Promise<Plan> {
  const { metadata } = work.subscription;
  const apps: SubscribedApp[] = [];
  for (const released of wantedApps(context, work, release)) {
    const app = buildOrSay({ ...work, release: release.name }, released);
    if ('problem' in app) {
      return app;
    }
    const existing = context.subscriptions.findApp(app.namespace, app.name);
    if (existing && existing.metadata.labels?.[subscriptionLabel] !== metadata.name) {
      return { problem: { kind: 'Conflict', message: sayConflict(existing) } };
    }
    if (existing && isGiven(existing, app)) {
      continue;
    }
    const unfit = await checkOverlay(context, work, app, signal);
    if (unfit !== undefined) {
      return { problem: unfit };
    }
    apps.push(app);
  }
  return { apps };
}

function buildOrSay(context: BuildContext, released: ReleasedApp): SubscribedApp | { readonly problem: FollowState } {
  try {
    return buildApp(context, released);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return { problem: { kind: 'Unfit', message: error.message } };
    }
    throw error;
  }
}

function sayConflict({ metadata }: AppObjectWire): string {
  const other = metadata.labels?.[subscriptionLabel];
  const whose =
    other === undefined ? 'is there already and belongs to no Subscription' : `belongs to Subscription "${other}"`;
  return `App ${metadata.namespace}/${metadata.name} ${whose}; leave it out by spec.apps, give it another namespace by spec.namespaces, or delete it`;
}

/** Whether an App is as it was last given; what it runs is another matter. */
export function isGiven(existing: AppObjectWire, app: SubscribedApp): boolean {
  const { annotations = {} } = existing.metadata;
  return (
    annotations[releaseAnnotation] === app.annotations[releaseAnnotation] && isSpecAsWanted(existing.spec, app.spec)
  );
}

/** Those of the subset; new ones only where they are wanted. */
function wantedApps(context: FollowContext, work: FollowWork, { apps }: Release): readonly ReleasedApp[] {
  const { spec, subscription } = work;
  const here = new Set(context.subscriptions.listApps(subscription).map(({ metadata }) => metadata.name));
  return apps.filter(({ name }) => {
    const isChosen = spec.apps === undefined || spec.apps.includes(name);
    return isChosen && (spec.installsNewApps || here.has(name));
  });
}

function droppedApps(
  { subscriptions }: Pick<FollowContext, 'subscriptions'>,
  { subscription }: FollowWork,
  release: Release,
): readonly AppObjectWire[] {
  const names = new Set(release.apps.map(({ name }) => name));
  return subscriptions.listApps(subscription).filter(({ metadata }) => !names.has(metadata.name));
}

/** How the Apps stand to a Release, as the watched copies show them. */
export function standingOf(context: FollowContext, work: FollowWork, release: Release): readonly AppStanding[] {
  const here = new Map(context.subscriptions.listApps(work.subscription).map((app) => [app.metadata.name, app]));
  const wanted = new Set(wantedApps(context, work, release));
  const standing = release.apps.map((released): AppStanding => {
    const app = here.get(released.name);
    const namespace = app?.metadata.namespace ?? work.subscription.metadata.namespace;
    return { name: released.name, namespace, state: wanted.has(released) ? stateOf(app, released) : 'Ignored' };
  });
  const dropped = droppedApps(context, work, release).map(({ metadata }): AppStanding => {
    return { name: metadata.name, namespace: metadata.namespace, state: 'Dropped' };
  });
  return [...standing, ...dropped];
}

function stateOf(app: AppObjectWire | undefined, { versions }: ReleasedApp): AppStanding['state'] {
  if (app?.status?.waiting?.reason === 'VersionRejected') {
    return 'Rejected';
  }
  return isRunningReleased(app, { versions }) && app?.status?.waiting?.reason !== 'UpdateInProgress'
    ? 'Current'
    : 'Pending';
}

/** Whether it runs exactly the versions of a Release. */
export function isRunningReleased(
  app: Pick<AppObjectWire, 'status'> | undefined,
  { versions }: Pick<ReleasedApp, 'versions'>,
): boolean {
  const running = (app?.status?.sources ?? []).map(({ name, current }) => [name, current?.digest]);
  const wanted = versions.map(({ source, digest }) => [source, digest]);
  return isDeepStrictEqual(running.toSorted(), wanted.toSorted());
}
