/** Candidates of Channels and what they come to; how long what is published may be believed: to be alarmed before it may not. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const labels = ['namespace', 'channel'] as const;

export const channelDefinitions = {
  channelExpires: {
    name: 'headgate_channel_expires_timestamp_seconds',
    type: 'gauge',
    help: 'Until when clusters take something new from a channel unless it is signed anew, which happens by itself in time; as Unix time.',
    labels,
  },
  channelRootExpires: {
    name: 'headgate_channel_root_expires_timestamp_seconds',
    type: 'gauge',
    help: 'Until when the root of a channel is valid; people have to sign a new one before, as Unix time.',
    labels,
  },
  channelSigningDue: {
    name: 'headgate_channel_signing_due_timestamp_seconds',
    type: 'gauge',
    help: 'When what is published is signed anew by itself, as Unix time; long past where that fails.',
    labels,
  },
  channelPublished: {
    name: 'headgate_channel_published_timestamp_seconds',
    type: 'gauge',
    help: 'When something was written into a channel last, signatures among it, as Unix time.',
    labels,
  },
  channelWaiting: {
    name: 'headgate_channel_waiting',
    type: 'gauge',
    help: '1 for the reason for which a Channel waits.',
    labels: [...labels, 'reason'],
  },
  channelCandidate: {
    name: 'headgate_channel_candidate_timestamp_seconds',
    type: 'gauge',
    help: 'When the candidate that a Channel tries was made, as Unix time; absent while there is none.',
    labels,
  },
  channelTrials: {
    name: 'headgate_channel_trials_total',
    type: 'counter',
    help: 'Trials of a Channel that have ended, by path (Place: in the test cluster itself; Install, Upgrade: in a scratch namespace) and result (Passed, Failed, Unclear).',
    labels: [...labels, 'path', 'result'],
  },
  channelTrialSeconds: {
    name: 'headgate_channel_trial_duration_seconds',
    type: 'histogram',
    help: 'How long trials took, by purpose (Release: what passes is released; Search: who is to blame; Return: back to what ran before) and result.',
    labels: [...labels, 'purpose', 'result'],
  },
  channelCandidates: {
    name: 'headgate_channel_candidates_total',
    type: 'counter',
    help: 'Candidates that have ended, by outcome (Released, Rejected, Unclear).',
    labels: [...labels, 'outcome'],
  },
  channelCandidateTrials: {
    name: 'headgate_channel_candidate_trials',
    type: 'histogram',
    help: 'How many trials a candidate took until it had ended, the search for who is to blame among them.',
    labels: [...labels, 'outcome'],
  },
  channelMembers: {
    name: 'headgate_channel_members_total',
    type: 'counter',
    help: 'New versions of Apps in candidates that have ended, by what became of them: Released, Rejected (to blame, alone or with others), or Kept (neither).',
    labels: [...labels, 'outcome'],
  },
} as const;

interface Channel {
  readonly namespace: string;
  readonly channel: string;
}

/** What a pass found; what is undefined stays as it was, unless it says otherwise. */
export interface SeenChannel {
  readonly published: { readonly expires: Date; readonly rootExpires: Date; readonly signingDue: Date } | undefined;
  readonly publishedAt: Date | undefined;
  readonly waiting: string;
  /** Undefined: there is none. */
  readonly candidateSince: Date | undefined;
}

export interface EndedTrial {
  readonly path: string;
  readonly purpose: string;
  readonly result: string;
  readonly durationMs: number;
}

export interface EndedCandidate {
  readonly outcome: string;
  readonly trials: number;
  readonly members: Readonly<Record<'Released' | 'Rejected' | 'Kept', number>>;
}

export interface ChannelMetrics {
  observe(channel: Channel, seen: SeenChannel): void;
  ended(channel: Channel, trial: EndedTrial): void;
  candidateEnded(channel: Channel, candidate: EndedCandidate): void;
  forget(channel: Channel): void;
}

const trialBuckets = [10, 30, 60, 300, 900, 1_800, 3_600, 7_200, 21_600, 86_400];
const countBuckets = [1, 2, 3, 5, 8, 12, 20, 40, 60];

export function createChannelMetrics(registry: Registry): ChannelMetrics {
  return { ...createGauges(registry), ...createCounts(registry) };
}

function createCounts(registry: Registry): Pick<ChannelMetrics, 'ended' | 'candidateEnded'> {
  const { channelTrials, channelTrialSeconds, channelCandidates, channelCandidateTrials, channelMembers } =
    channelDefinitions;
  const registers = [registry];
  const trials = new Counter({ ...channelTrials, labelNames: channelTrials.labels, registers });
  const candidates = new Counter({ ...channelCandidates, labelNames: channelCandidates.labels, registers });
  const members = new Counter({ ...channelMembers, labelNames: channelMembers.labels, registers });
  const seconds = new Histogram({
    ...{ ...channelTrialSeconds, labelNames: channelTrialSeconds.labels, registers },
    buckets: trialBuckets,
  });
  const counts = new Histogram({
    ...{ ...channelCandidateTrials, labelNames: channelCandidateTrials.labels, registers },
    buckets: countBuckets,
  });
  return {
    ended({ namespace, channel }, { path, purpose, result, durationMs }) {
      trials.inc({ namespace, channel, path, result });
      seconds.observe({ namespace, channel, purpose, result }, durationMs / 1_000);
    },
    candidateEnded({ namespace, channel }, { outcome, trials: count, members: by }) {
      candidates.inc({ namespace, channel, outcome });
      counts.observe({ namespace, channel, outcome }, count);
      for (const [became, number] of Object.entries(by)) {
        members.inc({ namespace, channel, outcome: became }, number);
      }
    },
  };
}

function createGauges(registry: Registry): Pick<ChannelMetrics, 'observe' | 'forget'> {
  const make = ({ name, help }: { readonly name: string; readonly help: string }) =>
    new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
  const expires = make(channelDefinitions.channelExpires);
  const rootExpires = make(channelDefinitions.channelRootExpires);
  const signingDue = make(channelDefinitions.channelSigningDue);
  const publishedAt = make(channelDefinitions.channelPublished);
  const candidate = make(channelDefinitions.channelCandidate);
  const { name, help, labels: labelNames } = channelDefinitions.channelWaiting;
  const waiting = new Gauge({ name, help, labelNames, registers: [registry] });
  const reasons = new Map<string, string>();
  const seconds = (date: Date) => date.getTime() / 1_000;
  const stopWaiting = ({ namespace, channel }: Channel) => {
    const reason = reasons.get(`${namespace}/${channel}`);
    if (reason !== undefined) {
      waiting.remove({ namespace, channel, reason });
    }
  };
  return {
    observe({ namespace, channel }, seen) {
      const at = { namespace, channel };
      if (seen.published !== undefined) {
        expires.set(at, seconds(seen.published.expires));
        rootExpires.set(at, seconds(seen.published.rootExpires));
        signingDue.set(at, seconds(seen.published.signingDue));
      }
      if (seen.publishedAt !== undefined) {
        publishedAt.set(at, seconds(seen.publishedAt));
      }
      if (seen.candidateSince === undefined) {
        candidate.remove(at);
      } else {
        candidate.set(at, seconds(seen.candidateSince));
      }
      stopWaiting(at);
      waiting.set({ ...at, reason: seen.waiting }, 1);
      reasons.set(`${namespace}/${channel}`, seen.waiting);
    },
    forget({ namespace, channel }) {
      const at = { namespace, channel };
      stopWaiting(at);
      reasons.delete(`${namespace}/${channel}`);
      for (const gauge of [expires, rootExpires, signingDue, publishedAt, candidate]) {
        gauge.remove(at);
      }
    },
  };
}
