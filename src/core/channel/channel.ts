/** A Channel of the hub, decoded and checked; the wire form is resources/channel.ts. */
import type { Notify } from '../app/app.ts';
import type { RunnableTest } from '../app-test/app-test.ts';
import type { Gates } from '../gates/gates.ts';
import type { Schedule } from '../schedule/next-time.ts';
import type { PauseThreshold } from './outcome-report.ts';
import type { DeadEnd } from './release.ts';
import type { Rollout } from './rollout.ts';

export interface ChannelSpec {
  readonly suspend: boolean;
  readonly apps: AppSelector;
  /** Whether Releases are made of what passes together; else people create them. */
  readonly makesReleases: boolean;
  /** Over all Apps together. */
  readonly tests: readonly RunnableTest[];
  readonly requires: readonly MemberRequirement[];
  readonly soakMs: number;
  /** When sets are made; undefined: once they were gathered for a while. */
  readonly schedule: Schedule | undefined;
  readonly gatherMs: number;
  /** Undefined: in the test cluster alone. */
  readonly tryOn: TryOn | undefined;
  readonly gates: Gates;
  /** Who is told of its candidates and Releases. */
  readonly notify: Notify;
  readonly rollout: Rollout;
  readonly publish: PublishSettings;
  /** Undefined: none are taken. */
  readonly reports: ReportSettings | undefined;
  readonly deadEnds: readonly DeadEnd[];
  /** How many Releases stay in the channel. */
  readonly retention: number;
}

/** On which paths a set is tried in a scratch namespace before it is released. */
export interface TryOn {
  readonly cleanInstall: boolean;
  /** Upgrades from so many Releases before the last one. */
  readonly newest: number;
  /** Upgrades from these, by name. */
  readonly releases: readonly string[];
  /** How long it may take until all Apps run there what they shall. */
  readonly timeoutMs: number;
  /** Is made and removed. */
  readonly namespace: string;
  /** What Apps need there that is in no chart and no manifest: names in the Channel's namespace. */
  readonly copies: ScratchCopies;
}

export interface ScratchCopies {
  readonly secrets: readonly string[];
  readonly configMaps: readonly string[];
  readonly serviceAccounts: readonly string[];
}

export interface ReportSettings {
  /** Secret with what clusters have to know; undefined: anybody may report. */
  readonly tokenSecret: string | undefined;
  readonly pauseAt: PauseThreshold;
  /** Releases that spread whatever is reported. */
  readonly unpaused: readonly string[];
}

/** Both where both are given. */
export interface AppSelector {
  readonly names: readonly string[] | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** Where the version of `app` is in `version`, the other has to be in its range. */
export interface MemberRequirement {
  readonly app: string;
  /** Undefined: always. */
  readonly version: string | undefined;
  readonly needs: { readonly app: string | undefined; readonly version: string | undefined };
  /** Range in which the version of Kubernetes has to be. */
  readonly kubernetes: string | undefined;
}

export type PublishPlace =
  /** Below the folder that Headgate was started with. */
  | { readonly kind: 'Folder'; readonly path: string }
  | {
      readonly kind: 'Address';
      /** As address.ts reads it: a bucket, an artifact or a branch. */
      readonly url: string;
      readonly loginSecret: string | undefined;
      readonly caSecret: string | undefined;
    };

export interface PublishSettings {
  readonly place: PublishPlace;
  /** Secret with the private keys, in the Channel's namespace. */
  readonly keysSecret: string;
  readonly lifetimes: Lifetimes;
}

/** How long what is signed lasts, in milliseconds. */
export interface Lifetimes {
  readonly timestampMs: number;
  readonly snapshotMs: number;
  readonly targetsMs: number;
}

/** Whether an App of the Channel's namespace belongs to it. */
export function isMember(
  { names, labels }: AppSelector,
  app: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  const isNamed = names === undefined || names.includes(app.name);
  const hasLabels = Object.entries(labels ?? {}).every(([key, value]) => app.labels[key] === value);
  return (names !== undefined || labels !== undefined) && isNamed && hasLabels;
}
