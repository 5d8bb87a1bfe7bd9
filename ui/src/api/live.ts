/** What changes in the cluster is on the page at once: the server tells which object, and the queries that show it are asked again. */
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { addressOf } from './client.ts';

export type LiveState = 'connecting' | 'live' | 'interrupted';

interface Change {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The first change is shown at once; those that follow within this time are one refresh. */
const gatherMs = 60;
/** A refresh is not begun anew before the one under way has its answers, or a page of which much changes would never show any. */
const longestRefreshMs = 2_000;

/** Which queries show an object of a kind. The App page has its Updates, the lists have both. */
const shownBy: Readonly<Record<string, (change: Change) => readonly (readonly string[])[]>> = {
  App: ({ namespace, name }) => [['apps'], ['app', namespace, name], ['sources']],
  Update: ({ namespace, name }) => [
    ['updates'],
    ['apps'],
    ['approvals'],
    ['app', namespace],
    ['update', namespace, name],
  ],
  Rejection: ({ namespace }) => [['rejections'], ['app', namespace]],
  Channel: () => [['channels']],
  Release: () => [['releases'], ['channels']],
  Subscription: () => [['subscriptions']],
};

export class LiveUpdates {
  #state: LiveState = 'connecting';
  readonly #listeners = new Set<() => void>();
  readonly #queries: QueryClient;
  #source: EventSource | undefined;
  #gathered: Change[] = [];
  #isRefreshing = false;

  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  get state(): LiveState {
    return this.#state;
  }

  /** @returns what ends it */
  start(): () => void {
    const source = new EventSource(addressOf('watch'), { withCredentials: true });
    this.#source = source;
    source.addEventListener('hello', () => this.#set('live'));
    source.addEventListener('open', () => this.#set('live'));
    source.addEventListener('reset', () => {
      this.#set('live');
      // What was missed is not known.
      void this.#queries.invalidateQueries();
    });
    source.addEventListener('change', (event) => this.#gather(JSON.parse(event.data) as Change));
    source.addEventListener('error', () => this.#set('interrupted'));
    return () => this.stop();
  }

  stop(): void {
    this.#source?.close();
    this.#gathered = [];
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(state: LiveState): void {
    if (this.#state !== state) {
      this.#state = state;
      for (const listener of this.#listeners) {
        listener();
      }
    }
  }

  #gather(change: Change): void {
    this.#gathered.push(change);
    if (!this.#isRefreshing) {
      void this.#refreshAll();
    }
  }

  async #refreshAll(): Promise<void> {
    this.#isRefreshing = true;
    while (this.#gathered.length > 0) {
      const changes = this.#gathered;
      this.#gathered = [];
      const answers = keysOf(changes).map((queryKey) => this.#queries.invalidateQueries({ queryKey }));
      await Promise.all([pause(gatherMs), Promise.race([Promise.allSettled(answers), pause(longestRefreshMs)])]);
    }
    this.#isRefreshing = false;
  }
}

/** Each once. */
function keysOf(changes: readonly Change[]): readonly (readonly string[])[] {
  const keys = changes.flatMap((change) => shownBy[change.kind]?.(change) ?? []);
  return [...new Map(keys.map((key) => [key.join(' '), key])).values()];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether what is shown is as of now. */
export function useLiveState(live: LiveUpdates): LiveState {
  return useSyncExternalStore(live.subscribe, () => live.state);
}
