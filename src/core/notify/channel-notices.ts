/**
 * What there is to tell of a Channel of a hub, from its status and its Releases alone: whoever looks at the same finds the same notices, so that
 * none is lost with a process.
 */
import type { Candidate, CandidateOutcome, Fault } from '../candidate/candidate.ts';
import { formatDuration } from '../duration.ts';
import type { Waiting, WaitingReason } from '../waiting.ts';
import type { Notice, NoticeEvent, NoticeLevel } from './notice.ts';

export interface ToldChannel {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly soakMs: number;
  /** The one under way, and what it brings. */
  readonly candidate: ToldCandidate | undefined;
  readonly ended: readonly EndedCandidate[];
  readonly waiting: Waiting | undefined;
  readonly releases: readonly ToldRelease[];
  /** Whether what its Releases say is published, and since when that is so; undefined: nobody looked yet, or a person has to change its spec. */
  readonly publishing: { readonly isGood: boolean; readonly since: Date; readonly message: string } | undefined;
  /** What clusters see of it. */
  readonly signed: Signed | undefined;
}

export interface ToldCandidate extends Pick<Candidate, 'number' | 'startedAt' | 'trials' | 'faults'> {
  readonly brought: string;
}

export interface EndedCandidate {
  readonly number: number;
  readonly endedAt: Date;
  readonly outcome: CandidateOutcome;
  readonly message: string;
  readonly brought: string;
  readonly faults: readonly Fault[];
}

export interface ToldRelease {
  readonly uid: string;
  readonly name: string;
  readonly changes: string;
  readonly publishedAt: Date | undefined;
  readonly withdrawn: { readonly at: Date; readonly reason: string } | undefined;
}

interface Signed {
  readonly expires: Date;
  readonly rootExpires: Date | undefined;
  /** Of the timestamp, which is signed anew once half of it is over. */
  readonly lifetimeMs: number;
}

type ChannelEvent = Exclude<
  NoticeEvent,
  'RollingBack' | 'Succeeded' | 'RolledBack' | 'Failed' | 'Superseded' | 'Cancelled'
>;

const levels: Readonly<Record<ChannelEvent, NoticeLevel>> = {
  Started: 'Info',
  Soaking: 'Info',
  Waiting: 'Warning',
  Rejected: 'Error',
  Unclear: 'Warning',
  Released: 'Success',
  Withdrawn: 'Warning',
  PublishFailed: 'Error',
  Published: 'Info',
  Expiring: 'Error',
  Expired: 'Error',
};

/** What a person has to do something about. */
const askingReasons: ReadonlySet<WaitingReason> = new Set<WaitingReason>([
  'ApprovalRequired',
  'ApprovalExpired',
  'Person',
]);

/** A store that does not answer once is no news. */
const failingForMs = 5 * 60_000;
/** People have to meet for a new root. */
const rootStepsDays = [30, 21, 14, 7, 5, 3, 2, 1];
const dayMs = 24 * 3_600_000;

interface Told {
  /** Tells it from others of the same event. */
  readonly what: string;
  readonly at: Date;
  readonly update?: string;
  readonly versions?: string;
  readonly message: string;
}

type Make = (event: ChannelEvent, told: Told) => Notice;

/** Also what will be there to tell at a time to come: `at` says when. */
export function noticesOfChannel(channel: ToldChannel): readonly Notice[] {
  const { uid, namespace, name } = channel;
  const make: Make = (event, { what, at, update = '', versions = '', message }) => ({
    ...{ id: `${uid}/${event}/${what}`, about: 'Channel', event, level: levels[event], at },
    ...{ namespace, app: name, update, versions, message, releaseNotes: undefined },
  });
  const { candidate } = channel;
  return [
    ...channel.ended.toReversed().flatMap((one) => ofEnded(one, make)),
    ...(candidate ? ofCandidate(channel, candidate, make) : []),
    ...channel.releases.flatMap((release) => ofRelease(release, make)),
    ...ofPublishing(channel, make),
  ];
}

function ofCandidate({ waiting, soakMs }: ToldChannel, candidate: ToldCandidate, make: Make): Notice[] {
  const { number, startedAt, trials, brought } = candidate;
  const common = { update: `candidate ${number}`, versions: brought };
  const [last] = trials.slice(-1);
  const soaking = trials.flatMap(({ purpose, path, soaks, testedAt }, at) =>
    purpose === 'Release' && path === undefined && soaks && testedAt && soakMs > 0 ? [{ at, testedAt }] : [],
  );
  const isAsking = waiting !== undefined && askingReasons.has(waiting.reason);
  return [
    make('Started', { ...common, what: `${number}`, at: startedAt, message: 'the new versions are tried together' }),
    ...soaking.map(({ at, testedAt }) => {
      const message = `its tests passed; it has to run well for ${formatDuration(soakMs)}`;
      return make('Soaking', { ...common, what: `${number}/${at}`, at: testedAt, message });
    }),
    ...faultsOf(candidate, last?.result?.at ?? last?.startedAt ?? startedAt, make),
    ...(isAsking
      ? [
          make('Waiting', {
            ...{ ...common, what: `${number}/${waiting.reason}`, message: `${waiting.reason}: ${waiting.message}` },
            at: last?.result?.at ?? last?.startedAt ?? startedAt,
          }),
        ]
      : []),
  ];
}

/** Which new versions are to blame; each is told once, while the rest is tried further. */
function faultsOf(
  { number, faults, brought }: Pick<EndedCandidate, 'number' | 'faults' | 'brought'>,
  at: Date,
  make: Make,
): readonly Notice[] {
  return faults.map(({ apps, reason }) => {
    const verdict = apps.length === 1 ? 'is rejected' : 'do not go together';
    const message = `${apps.join(' and ')} ${verdict}: ${reason}`;
    return make('Rejected', {
      ...{ what: `${number}/${apps.toSorted().join('+')}`, at, message },
      ...{ update: `candidate ${number}`, versions: brought },
    });
  });
}

function ofEnded(candidate: EndedCandidate, make: Make): readonly Notice[] {
  const { number, endedAt: at, outcome, message, brought, faults } = candidate;
  const whole = { what: `${number}`, at, update: `candidate ${number}`, versions: brought, message };
  return [
    ...faultsOf(candidate, at, make),
    ...(outcome === 'Rejected' && faults.length === 0 ? [make('Rejected', whole)] : []),
    ...(outcome === 'Unclear' ? [make('Unclear', whole)] : []),
  ];
}

function ofRelease({ uid, name, changes, publishedAt, withdrawn }: ToldRelease, make: Make): readonly Notice[] {
  const common = { what: uid, update: name, versions: changes };
  return [
    ...(publishedAt === undefined
      ? []
      : [make('Released', { ...common, at: publishedAt, message: `${name} is published` })]),
    ...(withdrawn === undefined
      ? []
      : [make('Withdrawn', { ...common, at: withdrawn.at, message: `${name} is withdrawn: ${withdrawn.reason}` })]),
  ];
}

function ofPublishing({ publishing, signed }: ToldChannel, make: Make): readonly Notice[] {
  const changed = publishing?.since.toISOString();
  return [
    ...(publishing && changed !== undefined
      ? [
          publishing.isGood
            ? make('Published', { what: changed, at: publishing.since, message: 'what its Releases say is published' })
            : make('PublishFailed', {
                ...{ what: changed, message: publishing.message },
                at: new Date(publishing.since.getTime() + failingForMs),
              }),
        ]
      : []),
    ...(signed ? ofSignatures(signed, make) : []),
  ];
}

function ofSignatures({ expires, rootExpires, lifetimeMs }: Signed, make: Make): readonly Notice[] {
  const until = expires.toISOString();
  const root = rootExpires?.toISOString();
  return [
    make('Expiring', {
      ...{ what: until, at: new Date(expires.getTime() - lifetimeMs / 3) },
      message: `what is published was not signed anew in time; clusters take nothing new after ${until}`,
    }),
    make('Expired', {
      ...{ what: until, at: expires },
      message: `what is published has expired at ${until}, and clusters take nothing new`,
    }),
    ...(rootExpires === undefined
      ? []
      : rootStepsDays.map((days) =>
          make('Expiring', {
            ...{ what: `root/${root}/${days}`, at: new Date(rootExpires.getTime() - days * dayMs) },
            message: `the root expires at ${root}, and clusters take nothing new from then on; have a new one signed (headgate channel rotate)`,
          }),
        )),
  ];
}
