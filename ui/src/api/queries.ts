/** What the pages read, each under a key that live.ts finds again when something has changed. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type {
  App,
  AppSummary,
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
