/** Which Release the Apps are to have after this pass. */
import { chooseRelease, type ReleaseVerdict, type Running } from '../../core/channel/choose-release.ts';
import { findMissingEvidence, subjectsOf } from '../../core/channel/evidence.ts';
import { evidencePath } from '../../core/channel/layout.ts';
import type { Release } from '../../core/channel/release.ts';
import { isOperationError } from '../../core/errors.ts';
import { readRelease } from './channel-memory.ts';
import { standingOf } from './give-release.ts';
import type { FollowContext, FollowState, FollowWork } from './subscription-pass.ts';

export interface Target {
  /** Undefined: none yet, or it has left the channel and this process does not know it. */
  readonly release: Release | undefined;
  /** Why it is not another. */
  readonly state: FollowState;
  /** The newest that is there, if newer. */
  readonly available: string | undefined;
}

/** @throws errors of the API server, and of the channel where a Release cannot be read */
export async function chooseTarget(context: FollowContext, work: FollowWork, signal: AbortSignal): Promise<Target> {
  const current = currentOf(work);
  const running = current && (await findRelease(work, current.name, signal));
  const verdict = await judge(context, work, current, signal);
  const newest = work.known.index.releases.findLast(({ withdrawn }) => withdrawn === undefined);
  const available = newest !== undefined && newest.sequence > (current?.sequence ?? 0) ? newest.name : undefined;
  const stay = (state: FollowState): Target => ({ release: running, state, available });
  switch (verdict.kind) {
    case 'Take': {
      const unsettled = running && findUnsettled(context, work, running);
      return unsettled ? stay(unsettled) : await takeFirst(work, verdict.candidates, stay, signal);
    }
    case 'GoBack': {
      const release = await readRelease(work.known, verdict.to.name, signal);
      await rejectLeft(context, work, { left: running, to: release, reason: verdict.reason }, signal);
      return { release, state: { kind: 'UpToDate' }, available: undefined };
    }
    default:
      return stay(verdict);
  }
}

function currentOf({ subscription }: FollowWork): Running | undefined {
  const { release: name, sequence } = subscription.status ?? {};
  return name === undefined || sequence === undefined ? undefined : { name, sequence };
}

/** Undefined: it has left the channel. */
async function findRelease({ known }: FollowWork, name: string, signal: AbortSignal): Promise<Release | undefined> {
  const isThere = known.index.releases.some((one) => one.name === name);
  return isThere ? await readRelease(known, name, signal) : undefined;
}

async function judge(
  { clusterVersion, ownVersion, clock }: FollowContext,
  { subscription, spec, known }: FollowWork,
  current: Running | undefined,
  signal: AbortSignal,
): Promise<ReleaseVerdict> {
  const needsCluster = known.index.releases.some(({ requires }) => requires.kubernetes !== undefined);
  return chooseRelease({
    index: known.index,
    current,
    cluster: { id: subscription.metadata.uid, wariness: spec.wariness, group: spec.group },
    follow: spec.follow,
    goesBackFromWithdrawn: spec.goesBackFromWithdrawn,
    minimumAgeMs: spec.evidence.minimumAgeMs,
    versions: { headgate: ownVersion, kubernetes: needsCluster ? await clusterVersion(signal) : 'v0.0.0' },
    now: clock.now(),
  });
}

/** A barrier counts as run once all Apps run it. */
function findUnsettled(context: FollowContext, work: FollowWork, running: Release): FollowState | undefined {
  const waiting = standingOf(context, work, running).filter(({ state }) => state === 'Pending' || state === 'Rejected');
  if (!running.barrier || waiting.length === 0) {
    return undefined;
  }
  const names = waiting.map(({ name }) => name).join(', ');
  const message = `${running.name} has to run before anything newer is taken, and these Apps do not run it yet: ${names}`;
  return { kind: 'InProgress', message };
}

async function takeFirst(
  work: FollowWork,
  candidates: readonly { readonly name: string }[],
  stay: (state: FollowState) => Target,
  signal: AbortSignal,
): Promise<Target> {
  let missing: string | undefined;
  for (const { name } of candidates) {
    const release = await readRelease(work.known, name, signal);
    const why = await findLacking(work, release, signal);
    if (why === undefined) {
      return { release, state: { kind: 'UpToDate' }, available: undefined };
    }
    missing ??= `${name}: ${why}`;
  }
  return stay({ kind: 'Evidence', message: missing ?? 'there is no Release to take' });
}

/** Why the evidence of a Release does not do; undefined: it does. */
async function findLacking(
  { spec, known }: FollowWork,
  release: Release,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { evidence } = spec;
  const isAsked = evidence.kubernetes !== undefined || evidence.tests.length > 0;
  const path = evidencePath(release.name);
  const isThere = release.targets.some((target) => target.path === path);
  try {
    const statements = isAsked && isThere ? await known.view.readStatements(path, signal) : [];
    return findMissingEvidence(release, statements, evidence);
  } catch (error) {
    if (isOperationError(error, 'CHANNEL_UNTRUSTED') || isOperationError(error, 'CHANNEL_INVALID')) {
      return `its evidence cannot be believed: ${error.message}`;
    }
    throw error;
  }
}

/** What was withdrawn is not to come back by any other way. What the other Release has too is good. */
async function rejectLeft(
  { rejections, assertLeading }: FollowContext,
  { subscription }: FollowWork,
  { left, to, reason }: { readonly left: Release | undefined; readonly to: Release; readonly reason: string },
  signal: AbortSignal,
): Promise<void> {
  const good = new Set(subjectsOf(to).map(({ digest }) => digest));
  const { namespace, name } = subscription.metadata;
  for (const app of left?.apps ?? []) {
    for (const { digest, tag, location } of app.versions.filter((version) => !good.has(version.digest))) {
      assertLeading();
      const rejection = {
        app: app.name,
        repository: location,
        digest,
        ...(tag !== undefined && { tag }),
        reason: `Release ${left?.name} was withdrawn: ${reason}`,
        author: `Subscription ${name}`,
      };
      await rejections.reject(namespace, rejection, signal);
    }
  }
}
