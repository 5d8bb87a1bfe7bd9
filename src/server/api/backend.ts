/** What the API reads: watched copies, so that no answer costs a request to the API server. */
import type { Rejection } from '../../core/app/rejection.ts';
import type { Statement } from '../../core/channel/evidence.ts';
import type { ImagePolicy } from '../../core/policy/policy.ts';
import type { Workload, WorkloadReference } from '../../core/workload/workload.ts';
import type { Actions } from '../../engine/act/actions.ts';
import type { ExplainedSource } from '../../engine/check/explain-sources.ts';
import type { StandingObject, UpdateChanges } from '../../engine/deploy/standing.ts';
import type { ChannelKey } from '../../engine/ports/outcome-reports.ts';
import type { PodReports } from '../../engine/ports/pod-reports.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import type { ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { HostState, RepositoryState } from '../../telemetry/registry-metrics.ts';

export interface ApiBackend {
  listApps(): readonly AppObjectWire[];
  findApp(namespace: string, name: string): AppObjectWire | undefined;
  listUpdates(): readonly UpdateObjectWire[];
  /** Newest first. */
  updatesOf(namespace: string, app: string): readonly UpdateObjectWire[];
  findUpdate(namespace: string, name: string): UpdateObjectWire | undefined;
  listRejections(): readonly Rejection[];
  listChannels(): readonly ChannelObjectWire[];
  listReleases(): readonly ReleaseObjectWire[];
  listSubscriptions(): readonly SubscriptionObjectWire[];
  /** How many clusters reported what of a Release of a Channel that takes reports. */
  reportsOf(channel: ChannelKey, release: string, signal: AbortSignal): Promise<Reported>;
  /** What the tests of a Release came to; undefined where that is not known, or not any more. @throws what the Channel's store throws */
  evidenceOf(release: ReleaseObjectWire, signal: AbortSignal): Promise<readonly Statement[] | undefined>;
  findWorkload(reference: WorkloadReference): Workload | undefined;
  registryHosts(): readonly HostState[];
  repositories(): readonly RepositoryState[];
  readonly actions: Actions;
  /** Read from the API server when they are asked for. */
  readonly pods: PodReports;
  /** The objects that an App put in place; undefined where its workloads are all there is. */
  standingOf(app: AppObjectWire, signal: AbortSignal): Promise<readonly StandingObject[] | undefined>;
  /** What an Update changes; undefined where that is not known, or not object by object. */
  changesOf(update: UpdateObjectWire, signal: AbortSignal): Promise<UpdateChanges | undefined>;
  /** @throws what the registry's adapter throws */
  candidatesOf(app: AppObjectWire, signal: AbortSignal): Promise<readonly ExplainedSource[]>;
}

/** Counts of clusters. */
export interface Reported {
  readonly succeeded: number;
  readonly wentBack: number;
}

/** Reads a policy as a person writes it. @throws OBJECT_INVALID, POLICY_INVALID */
export type ReadPolicy = (text: string) => ImagePolicy;
