/** The API and the web UI on a port of their own, because it may be public and that of /metrics must not be. */
import { randomUUID } from 'node:crypto';
import { createCallerReviews } from '../../adapters/cluster/caller-reviews.ts';
import { OperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { createApiServer } from '../../server/api/api-server.ts';
import type { ApiBackend } from '../../server/api/backend.ts';
import { type Change, ChangeFeed } from '../../server/api/change-feed.ts';
import { Rights } from '../../server/api/rights.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { parsePolicyText } from '../commands/policy-text.ts';
import { parseAddressRange } from './address-range.ts';
import { parseListenAddress } from './listen-address.ts';
import { openSignIn, type SignInSettings } from './sign-in-settings.ts';

export interface ApiSettings {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Path below which everything is, e.g. `/headgate`. */
  readonly prefix?: string | undefined;
  /** Folder with the built web UI. */
  readonly pages?: string | undefined;
  /** Whoever says nothing of themselves may read everything. */
  readonly anonymousRead: boolean;
  /** Proxies whose X-Forwarded-For is believed, for the record and for limits. */
  readonly trustedProxies?: readonly string[];
  readonly signIn?: SignInSettings | undefined;
}

export interface ApiParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Undefined while another replica does the work. */
  readonly backend: () => ApiBackend | undefined;
  /** `host:port` of the API of the replica that works. Undefined: there is one replica. */
  readonly findLeader?: (() => Promise<string | undefined>) | undefined;
}

export interface ApiListener {
  /** Tells whoever watches. */
  publish(change: Change): void;
  /** Where it listens, e.g. `http://127.0.0.1:8081`; undefined: it does not. */
  readonly address: string | undefined;
  close(): Promise<void>;
}

/**
 * Listens until it is closed; does nothing without settings.
 *
 * @throws USAGE for an address or a prefix that is none, CONFIG_INVALID for a folder without pages
 */
export async function openApi(settings: ApiSettings | undefined, parts: ApiParts): Promise<ApiListener> {
  if (!settings) {
    return { publish: () => undefined, address: undefined, close: async () => undefined };
  }
  const { client, clock, log, metrics, backend } = parts;
  const at = parseListenAddress(settings.listen, '--api-listen');
  const feed = new ChangeFeed(randomUUID());
  const rights = new Rights({
    reviews: createCallerReviews(client),
    clock,
    anonymousRead: settings.anonymousRead,
  });
  const prefix = parsePrefix(settings.prefix ?? '');
  const signIn = await openSignIn(settings.signIn ?? {}, { clock, prefix });
  const { findLeader } = parts;
  const server = createApiServer({
    ...signIn,
    relay: findLeader && { findAddress: findLeader, sealer: signIn.sealer },
    trustedProxies: (settings.trustedProxies ?? []).map(
      (range) => parseAddressRange(range, '--trusted-proxy') && range,
    ),
    backend,
    feed,
    rights,
    readPolicy: (text) => parsePolicyText(text, { matchPreRelease: undefined, matchTag: undefined }),
    clock,
    metrics: metrics.api,
    environmentMetrics: metrics.environment,
    log,
    prefix,
    pages: settings.pages,
  });
  const address = await server.listen(at);
  log.info('listening for the API', { address });
  return {
    publish: (change) => feed.publish(change),
    address,
    close: () => server.close(),
  };
}

/** Without a slash at its end. @throws USAGE */
function parsePrefix(text: string): string {
  const prefix = text.replace(/\/+$/, '');
  if (!/^(\/[\w.~-]+)*$/.test(prefix) || /\/\.{1,2}(\/|$)/.test(prefix)) {
    throw new OperationError(`--api-prefix: "${text}" is no path; write for example /headgate`, {
      code: 'USAGE',
      retry: 'never',
    });
  }
  return prefix;
}
