/** What the parts of one pass over the candidates of a Channel share. */
import type { Candidate, CandidateOutcome, Trial, TrialResult } from '../../core/candidate/candidate.ts';
import type { ChannelSpec } from '../../core/channel/channel.ts';
import type { Waiting } from '../../core/waiting.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import type { Probers } from '../app-test/test-runner.ts';
import type { PackContext } from '../channel/pack-app.ts';
import type { Deployers } from '../deploy/deployer.ts';
import type { ChannelPublishers, Channels } from '../ports/channels.ts';
import type { Clock } from '../ports/clock.ts';
import type { ChannelKey } from '../ports/outcome-reports.ts';
import type { Records } from '../ports/records.ts';
import type { Registry, RegistryAccesses } from '../ports/registry.ts';
import type { ScratchSpaces } from '../ports/scratch-spaces.ts';

export interface CandidateContext {
  readonly channels: Channels;
  readonly publishers: ChannelPublishers;
  readonly records: Records;
  readonly deployers: Deployers;
  /** Their own, which wake Channels. */
  readonly channelProbers: Probers;
  readonly scratch: ScratchSpaces;
  /** Those that are looked after; empty: all. */
  readonly namespaces: readonly string[];
  readonly trialMetrics: {
    readonly ended: (channel: ChannelKey, trial: Trial) => void;
    readonly candidateEnded: (channel: ChannelKey, candidate: Candidate, outcome: CandidateOutcome) => void;
  };
  readonly packing: Omit<PackContext, 'publisher'>;
  readonly registry: Pick<Registry, 'findDigest'>;
  readonly accesses: RegistryAccesses;
  /** Version of the test cluster, e.g. `v1.34.1`. */
  readonly clusterVersion: (signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
  readonly assertLeading: () => void;
}

/** A Channel and its Apps, in the order of their names. */
export interface Hub {
  /** As it is written. */
  readonly channel: ChannelObjectWire;
  readonly spec: ChannelSpec;
  readonly apps: readonly AppObjectWire[];
  readonly kubernetes: string;
}

export interface HubAtWork extends Hub {
  readonly candidate: Candidate;
}

export type Performed =
  | { readonly kind: 'Done'; readonly candidate: Candidate }
  | { readonly kind: 'Waiting'; readonly waiting: Waiting };

/** In a scratch namespace; `Ended`: the trial is over before it has begun. */
export type Installed = Performed | { readonly kind: 'Ended'; readonly result: Omit<TrialResult, 'at'> };
