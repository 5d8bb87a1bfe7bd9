/** How much is asked of a registry at most. */
import type { WindowRule } from './request-window.ts';

export interface HostLimits {
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** Every request counts, those for tokens and the hops of redirects aside. */
  readonly requests?: WindowRule | undefined;
  /** Only what Docker Hub calls a pull: GET of a manifest, and not HEAD. */
  readonly pulls?: WindowRule | undefined;
}

/** By the registry as it stands in image names, with port. */
export type LimitsByHost = Readonly<Record<string, Partial<HostLimits>>>;

const hour = 3_600_000;

/** What Docker Hub gives those who do not sign in; its answers tell the true number, which counts from then on. */
const knownHosts: LimitsByHost = {
  'docker.io': { pulls: { limit: 100, periodMs: 6 * hour } },
};

const usual: HostLimits = { concurrency: 8 };

/** What somebody has set for the host, else what is known of it. */
export function limitsOf(host: string, configured: LimitsByHost): HostLimits {
  return { ...usual, ...knownHosts[host], ...configured[host] };
}
