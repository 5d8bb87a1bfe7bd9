/** The way to addresses that users name, as the operator set it. */
import { createTimeLimit } from '../adapters/cel/time-limit.ts';
import { createApiServerPlaces } from '../adapters/cluster/api-server-places.ts';
import { createOutboundLogins } from '../adapters/cluster/outbound-logins.ts';
import { createWorkloadObjects } from '../adapters/cluster/workload-objects.ts';
import { type Allowance, nothingAllowed, parseAllowance } from '../adapters/outbound/allowance.ts';
import { createGuardedRequests, type GuardedRequests } from '../adapters/outbound/guarded-requests.ts';
import { createPrometheusClient } from '../adapters/prometheus/prometheus-client.ts';
import { OperationError } from '../core/errors.ts';
import { OuterGates } from '../engine/gates/outer-gates.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { KubeConfig } from '../kube/config.ts';
import { createPlaceGuard, type PlaceGuard } from '../network/place-guard.ts';
import type { ProxySettings } from '../network/proxy.ts';
import { proxyEnvironment } from './config.ts';

export interface OutboundSettings {
  readonly allowance: Allowance;
  readonly proxy: ProxySettings | undefined;
}

/** No exception for anybody, no proxy. */
export const guardedOutbound: OutboundSettings = { allowance: nothingAllowed, proxy: undefined };

/** @throws USAGE naming the text that is no address, range or host */
export function parseOutboundAllowance(texts: readonly string[]): Allowance {
  const allowance = parseAllowance(texts);
  if ('wrong' in allowance) {
    throw new OperationError(
      `--allow-outbound: "${allowance.wrong.slice(0, 256)}" is no address, range or host; write for example 127.0.0.0/8 or hooks.example.com`,
      { code: 'USAGE', retry: 'never' },
    );
  }
  return allowance;
}

/** For what asks registries, chart repositories, git servers and forges, which may lie near but never there. */
export function guardOfCluster(
  { client, clock }: { readonly client: KubeClient; readonly clock: Clock },
  { server }: Pick<KubeConfig, 'server'>,
): PlaceGuard {
  return createPlaceGuard(createApiServerPlaces({ client, clock }, server));
}

export interface OutsideOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly config: KubeConfig;
  readonly outbound?: OutboundSettings | undefined;
  /** Told of each Update for which something was asked. */
  readonly onEnd: (key: string) => void;
  readonly signal: AbortSignal;
}

/** Everything that asks at addresses of users. */
export function openOutside({ client, clock, config, outbound: settings, onEnd, signal }: OutsideOptions) {
  const { allowance, proxy } = settings ?? guardedOutbound;
  const apiServer = createApiServerPlaces({ client, clock }, config.server);
  const outbound = createGuardedRequests({ allowance, apiServer, proxy, userAgent: 'headgate' });
  return {
    outbound,
    prometheus: createPrometheusClient(outbound),
    workloadObjects: createWorkloadObjects(client),
    limit: createTimeLimit(),
    logins: createOutboundLogins({ client, clock }),
    outerGates: new OuterGates({ clock, onEnd, signal }),
  };
}

/** For a command that needs no cluster: there is no API server to guard. @throws USAGE */
export function outboundFor(allowed: readonly string[]): GuardedRequests {
  const allowance = parseOutboundAllowance(allowed);
  const apiServer = () => Promise.resolve([]);
  return createGuardedRequests({ allowance, apiServer, proxy: proxyEnvironment(), userAgent: 'headgate' });
}
