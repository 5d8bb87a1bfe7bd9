/** Which Release of a channel a cluster takes next. */
import { fitsCluster } from '../chart/chart-fit.ts';
import type { ChannelIndex, IndexEntry } from './channel-index.ts';
import { type ClusterPlace, turnOf, wavePosition } from './rollout.ts';
import type { Follow } from './subscription.ts';

export interface ReleaseChoice {
  readonly index: ChannelIndex;
  /** The Release that the Apps are given, which may have left the channel; undefined: none yet. */
  readonly current: Running | undefined;
  readonly cluster: ClusterPlace;
  readonly follow: Follow;
  readonly goesBackFromWithdrawn: boolean;
  readonly minimumAgeMs: number;
  /** Versions of what a Release may require, e.g. `v1.34.1`. */
  readonly versions: { readonly headgate: string; readonly kubernetes: string };
  readonly now: Date;
}

export type Running = Pick<IndexEntry, 'name' | 'sequence'>;

export type ReleaseVerdict =
  /** Newest first: the first that has the evidence that is demanded. */
  | { readonly kind: 'Take'; readonly candidates: readonly IndexEntry[] }
  | { readonly kind: 'GoBack'; readonly to: IndexEntry; readonly reason: string }
  | { readonly kind: 'Withdrawn'; readonly reason: string }
  | { readonly kind: 'UpToDate' }
  | ReleaseWait;

export interface ReleaseWait {
  readonly kind: 'Wait';
  readonly why: 'Turn' | 'Paused' | 'Age' | 'Unfit' | 'Held' | 'NotThere';
  readonly message: string;
  readonly until?: Date | undefined;
}

/** Withdrawn ones are never taken, barriers never passed over, and nothing older than what runs but where that is withdrawn. */
export function chooseRelease(choice: ReleaseChoice): ReleaseVerdict {
  const { index, current, follow } = choice;
  const verdict = follow.kind === 'Hold' ? hold(choice) : chooseNewer(choice);
  const running = index.releases.find(({ name }) => name === current?.name);
  if (running?.withdrawn === undefined || verdict.kind === 'Take') {
    return verdict;
  }
  const { reason } = running.withdrawn;
  const goesBack = choice.goesBackFromWithdrawn && follow.kind === 'Newest';
  return goesBack ? goBack(index, running, reason) : { kind: 'Withdrawn', reason };
}

function hold({ index, current }: ReleaseChoice): ReleaseVerdict {
  const newest = index.releases.findLast(({ withdrawn }) => withdrawn === undefined);
  return newest === undefined || newest.name === current?.name
    ? { kind: 'UpToDate' }
    : { kind: 'Wait', why: 'Held', message: `${newest.name} is there, and spec.mode is Hold` };
}

function chooseNewer(choice: ReleaseChoice): ReleaseVerdict {
  const { index, follow, current } = choice;
  if (follow.kind === 'Pin') {
    return choosePinned(choice, follow.release);
  }
  const newer = newerThan(index, current);
  const judged = newer.filter((entry) => isInReach(index, entry, current)).map((entry) => judge(choice, entry));
  return verdictOf(judged, newer);
}

interface Judged {
  readonly entry: IndexEntry;
  readonly wait: ReleaseWait | undefined;
}

function verdictOf(judged: readonly Judged[], newer: readonly IndexEntry[]): ReleaseVerdict {
  const candidates = judged.filter(({ wait }) => wait === undefined).map(({ entry }) => entry);
  if (candidates.length > 0) {
    return { kind: 'Take', candidates: candidates.toReversed() };
  }
  const wait = judged.at(-1)?.wait;
  if (wait !== undefined) {
    return wait;
  }
  return newer.length === 0 ? { kind: 'UpToDate' } : { kind: 'Wait', why: 'NotThere', message: sayBlocked(newer) };
}

function sayBlocked(newer: readonly IndexEntry[]): string {
  const names = newer.map(({ name }) => name).join(', ');
  return `the way to ${names} leads over a barrier that was withdrawn; it waits for another barrier`;
}

/** Those that are newer and not withdrawn. */
function newerThan({ releases }: ChannelIndex, current: Running | undefined): readonly IndexEntry[] {
  const { sequence: oldest } = current ?? { sequence: 0 };
  return releases.filter(({ sequence, withdrawn }) => withdrawn === undefined && sequence > oldest);
}

/**
 * Whether no barrier lies between: each must be run before anything newer, and past one that was withdrawn leads only a later barrier.
 * First installs begin anywhere.
 */
export function isInReach(
  { releases }: Pick<ChannelIndex, 'releases'>,
  entry: IndexEntry,
  current: Running | undefined,
): boolean {
  if (current === undefined) {
    return true;
  }
  const between = releases.filter(
    ({ barrier, sequence }) => barrier && sequence > current.sequence && sequence < entry.sequence,
  );
  return between.every(({ withdrawn }) => withdrawn !== undefined) && (between.length === 0 || entry.barrier);
}

/** A person named it: its turn does not matter, and the way to it does. */
function choosePinned(choice: ReleaseChoice, release: string): ReleaseVerdict {
  const { index, current } = choice;
  if (current?.name === release) {
    return { kind: 'UpToDate' };
  }
  const pinned = index.releases.find(({ name }) => name === release);
  if (pinned === undefined || pinned.withdrawn) {
    const what =
      pinned?.withdrawn === undefined ? 'is not in the channel' : `was withdrawn: ${pinned.withdrawn.reason}`;
    return { kind: 'Wait', why: 'NotThere', message: `spec.pin: ${release} ${what}` };
  }
  if (current !== undefined && pinned.sequence < current.sequence) {
    return goBackTo(index, pinned, current);
  }
  const onTheWay = newerThan(index, current).filter(({ sequence }) => sequence <= pinned.sequence);
  const next = onTheWay.findLast((entry) => isInReach(index, entry, current));
  const unfit = next && findUnfit(choice, next);
  return unfit ?? (next ? { kind: 'Take', candidates: [next] } : verdictOf([], onTheWay));
}

function goBackTo({ releases }: ChannelIndex, pinned: IndexEntry, current: Running): ReleaseVerdict {
  const barrier = releases.find(
    (one) => one.barrier && one.sequence > pinned.sequence && one.sequence <= current.sequence,
  );
  return barrier === undefined
    ? { kind: 'Take', candidates: [pinned] }
    : {
        kind: 'Wait',
        why: 'NotThere',
        message: `spec.pin: ${pinned.name} is before ${barrier.name}, which is a barrier; what that changed does not go back`,
      };
}

function judge(choice: ReleaseChoice, entry: IndexEntry): Judged {
  return { entry, wait: findUnfit(choice, entry) ?? findTooEarly(choice, entry) };
}

function findUnfit({ versions }: ReleaseChoice, { name, requires }: IndexEntry): ReleaseWait | undefined {
  for (const [what, range, version] of [
    ['Headgate', requires.headgate, versions.headgate],
    ['Kubernetes', requires.kubernetes, versions.kubernetes],
  ] as const) {
    if (range !== undefined && !fitsCluster(range, version)) {
      return { kind: 'Wait', why: 'Unfit', message: `${name} needs ${what} ${range}, and this is ${version}` };
    }
  }
  return undefined;
}

function findTooEarly(choice: ReleaseChoice, { name, publishedAt }: IndexEntry): ReleaseWait | undefined {
  const { index, cluster, now, minimumAgeMs } = choice;
  const { rollout, channel } = index;
  if (rollout.paused && name === index.releases.at(-1)?.name) {
    return { kind: 'Wait', why: 'Paused', message: `${name} is there, and the channel has paused its rollout` };
  }
  const oldEnough = new Date(publishedAt.getTime() + minimumAgeMs);
  if (oldEnough > now) {
    const message = `${name} was published at ${publishedAt.toISOString()}, and spec.evidence.minimumAge has not passed`;
    return { kind: 'Wait', why: 'Age', message, until: oldEnough };
  }
  const position = wavePosition(cluster, channel, name);
  const turn = turnOf(rollout, cluster, { position, publishedAt, now });
  return turn.kind === 'Now'
    ? undefined
    : { kind: 'Wait', why: 'Turn', message: sayTurn(name, position, turn.at), until: turn.at };
}

function sayTurn(name: string, position: number, at: Date | undefined): string {
  const place = `${name} is rolled out, and this cluster stands at ${position.toFixed(2)} of it`;
  return at === undefined ? `${place}, where the curve does not come` : place;
}

/** To the newest before it that is not withdrawn; never over a barrier, which may have changed data. */
function goBack({ releases }: ChannelIndex, running: IndexEntry, reason: string): ReleaseVerdict {
  const barrier = running.barrier
    ? running
    : releases.findLast((one) => one.barrier && one.sequence < running.sequence);
  const oldest = barrier?.sequence ?? 0;
  const to = releases.findLast(
    ({ sequence, withdrawn }) => withdrawn === undefined && sequence < running.sequence && sequence >= oldest,
  );
  return to === undefined ? { kind: 'Withdrawn', reason } : { kind: 'GoBack', to, reason };
}
