/** What the pages read, each under a key that live.ts finds again when something has changed. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { ChannelSpecWire, ChannelStatusWire } from '../../../src/resources/channel/channel.ts';
import type { ReleaseSpecWire, ReleaseStatusWire } from '../../../src/resources/channel/release.ts';
import type { SubscriptionSpecWire, SubscriptionStatusWire } from '../../../src/resources/channel/subscription.ts';
import type { Curve, EvidenceView } from '../../../src/server/api/channel-views.ts';
import type { FiguresView } from '../../../src/server/api/figures-route.ts';
import type { ChangesView, ResourceTree } from '../../../src/server/api/resource-routes.ts';
import type {
  App,
  AppSummary,
  PausedView,
  RejectionView,
  SourceState,
  Update,
  UpdateSummary,
} from '../../../src/server/api/schemas.ts';
import { get } from './client.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly continue?: string;
}

export interface AppFilter {
  readonly q?: string | undefined;
  readonly state?: string | undefined;
  readonly waiting?: string | undefined;
  readonly namespace?: string | undefined;
}

export type AppPage = Page<AppSummary> & { readonly states: Readonly<Record<string, number>> };

const pageSize = 100;

export const appsQuery = (filter: AppFilter) =>
  infiniteQueryOptions({
    queryKey: ['apps', filter],
    queryFn: ({ pageParam, signal }) =>
      get<AppPage>('apps', { ...filter, limit: pageSize, continue: pageParam || undefined }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.continue,
    placeholderData: keepPreviousData,
  });

/** With the verbs that the viewer has on it. */
export type Seen<T> = T & { readonly mayDo: readonly string[] };

export const appQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['app', namespace, name],
    queryFn: ({ signal }) => get<Seen<App>>(`apps/${namespace}/${name}`, {}, signal),
  });

/** Among the Apps, because their holds are what it tells of. */
export const pausedQuery = () =>
  queryOptions({
    queryKey: ['apps', 'paused'],
    queryFn: ({ signal }) => get<PausedView>('pause', {}, signal),
  });

export interface Candidates {
  readonly source: string;
  readonly candidates: readonly string[];
  readonly rejected: readonly { readonly tag: string; readonly reason: string; readonly message: string }[];
  readonly message?: string;
}

/** Asks registries, so only on wish and not again by itself. */
export const candidatesQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['candidates', namespace, name],
    queryFn: ({ signal }) =>
      get<{ readonly sources: readonly Candidates[] }>(`apps/${namespace}/${name}/candidates`, {}, signal),
    staleTime: 60_000,
    retry: false,
  });

export interface UpdateFilter {
  readonly q?: string | undefined;
  readonly phase?: string | undefined;
  readonly by?: string | undefined;
  readonly namespace?: string | undefined;
  readonly app?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly open?: boolean | undefined;
}

export const updatesQuery = (filter: UpdateFilter, limit = pageSize) =>
  infiniteQueryOptions({
    queryKey: ['updates', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      get<Page<UpdateSummary>>('updates', { ...filter, limit, continue: pageParam || undefined }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.continue,
    placeholderData: keepPreviousData,
  });

export const updateQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['update', namespace, name],
    queryFn: ({ signal }) => get<Seen<Update>>(`updates/${namespace}/${name}`, {}, signal),
  });

export const rejectionsQuery = (namespace: string, app: string) =>
  queryOptions({
    queryKey: ['rejections', namespace, app],
    queryFn: ({ signal }) => get<Page<RejectionView>>('rejections', { namespace, app }, signal),
  });

export interface Approval {
  readonly update: UpdateSummary;
  readonly mayApprove: boolean;
  readonly hasApproved: boolean;
}

export const approvalsQuery = () =>
  queryOptions({
    queryKey: ['approvals'],
    queryFn: ({ signal }) => get<{ readonly items: readonly Approval[] }>('approvals', {}, signal),
  });

export interface RegistryHost {
  readonly host: string;
  readonly inFlight: number;
  readonly waiting: number;
  readonly silentUntil?: string;
  readonly budgets: readonly {
    readonly counts: string;
    readonly limit: number;
    readonly used: number;
    readonly resetsAt?: string;
  }[];
}

/** Not among what is told of as it changes, so asked again from time to time while the page is open. */
const sourcesMs = 10_000;

export const sourcesQuery = () =>
  queryOptions({
    queryKey: ['sources'],
    queryFn: ({ signal }) => get<{ readonly items: readonly SourceState[] }>('sources', {}, signal),
    refetchInterval: sourcesMs,
  });

export const registriesQuery = () =>
  queryOptions({
    queryKey: ['registries'],
    queryFn: ({ signal }) => get<{ readonly items: readonly RegistryHost[] }>('registries', {}, signal),
    refetchInterval: sourcesMs,
  });

export const figuresQuery = () =>
  queryOptions({
    queryKey: ['updates', 'figures'],
    queryFn: ({ signal }) => get<FiguresView>('figures', {}, signal),
  });

/** An object of the kinds around channels, as the cluster has it. */
interface Whole<Spec, Status> {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdAt: string;
  readonly spec: Spec;
  readonly status?: Status;
}

export type ChannelView = Whole<ChannelSpecWire, ChannelStatusWire> & {
  readonly curve?: Curve;
  /** Only where one of them is asked for. */
  readonly mayDo?: readonly string[];
};
export type ReleaseView = Whole<ReleaseSpecWire, ReleaseStatusWire>;
export type SubscriptionView = Whole<SubscriptionSpecWire, SubscriptionStatusWire>;

interface FleetKinds {
  readonly channels: ChannelView;
  readonly releases: ReleaseView;
  readonly subscriptions: SubscriptionView;
}

/** All of one of the kinds around channels. */
export const fleetQuery = <Kind extends keyof FleetKinds>(kind: Kind) =>
  queryOptions({
    queryKey: [kind],
    queryFn: ({ signal }) => get<Page<FleetKinds[Kind]>>(kind, { limit: mostOfFleet }, signal),
  });

const mostOfFleet = 500;
/** The share of a curve grows by itself. */
const curveMs = 30_000;

export const fleetObjectQuery = <Kind extends keyof FleetKinds>(kind: Kind, namespace: string, name: string) =>
  queryOptions({
    queryKey: [kind, namespace, name],
    queryFn: ({ signal }) => get<FleetKinds[Kind]>(`${kind}/${namespace}/${name}`, {}, signal),
    ...(kind === 'channels' && { refetchInterval: curveMs }),
  });

/** Read from where the Channel keeps it, and not again by itself: it does not change. */
export const evidenceQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['evidence', namespace, name],
    queryFn: ({ signal }) => get<EvidenceView>(`releases/${namespace}/${name}/evidence`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

const podsMs = 5_000;

/** Pods are not told of as they change, so they are asked for from time to time while the page is open. */
export const treeQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['app', namespace, name, 'resources'],
    queryFn: ({ signal }) => get<ResourceTree>(`apps/${namespace}/${name}/resources`, {}, signal),
    refetchInterval: podsMs,
  });

export const changesQuery = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['update', namespace, name, 'objects'],
    queryFn: ({ signal }) => get<ChangesView>(`updates/${namespace}/${name}/objects`, {}, signal),
  });

export interface PodOfUpdate {
  readonly name: string;
  readonly part: string;
  readonly phase: string;
  readonly message: string;
  readonly restarts: number;
  readonly containers: readonly { readonly name: string }[];
}

/** @param isOpen the Update goes on, so that more may come */
export const podsQuery = (namespace: string, name: string, isOpen: boolean) =>
  queryOptions({
    queryKey: ['update', namespace, name, 'pods'],
    queryFn: ({ signal }) =>
      get<{ readonly items: readonly PodOfUpdate[] }>(`updates/${namespace}/${name}/pods`, {}, signal),
    ...(isOpen && { refetchInterval: podsMs }),
  });
