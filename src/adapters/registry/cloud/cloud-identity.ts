/** The identity that a cloud gives to this pod or machine, as credentials for the registries of that cloud. */
import { describeError, isOperationError } from '../../../core/errors.ts';
import { createSharedLoads, type Loaded } from '../../../core/shared-loads.ts';
import type { Clock } from '../../../engine/ports/clock.ts';
import type { ProxySettings } from '../../../network/proxy.ts';
import type { AmbientCredentials, AmbientFinding, AmbientRequest } from '../ambient.ts';
import { createTransport } from '../transport.ts';
import { azureRegistry } from './azure-registry.ts';
import type { Variables } from './cloud-http.ts';
import type { CloudRegistry, CloudTools } from './cloud-tools.ts';
import { ecr } from './ecr.ts';
import { googleRegistry } from './google-registry.ts';

export const clouds = ['aws', 'azure', 'gcp'] as const;
export type Cloud = (typeof clouds)[number];

export interface CloudIdentityOptions {
  /** Whose identity may be used. */
  readonly clouds: readonly Cloud[];
  /** What the SDKs of the clouds read from the environment. */
  readonly variables: Variables;
  readonly clock: Clock;
  /** For the services of the clouds; metadata servers are never asked through it. */
  readonly proxy: ProxySettings | undefined;
}

const registries: Readonly<Record<Cloud, CloudRegistry>> = { aws: ecr, azure: azureRegistry, gcp: googleRegistry };
const maxKept = 500;
const nearbyTimeoutMs = 3_000;
const outsideTimeoutMs = 15_000;
/** Somebody who has no identity is not asked for it at each check. */
const failureMaxAgeMs = 60_000;
/** Before its end a token is not used any more; of a short life the second half. */
const expiryMarginMs = 300_000;

/** Asks nobody before the first question, and only for registries of the named clouds. */
export function cloudIdentity(options: CloudIdentityOptions): AmbientCredentials {
  const { clock, proxy, variables } = options;
  const nowMs = () => clock.now().getTime();
  const found = createSharedLoads<AmbientFinding>({ nowMs, maxEntries: maxKept });
  const userAgent = 'headgate';
  const nearby = createTransport({ timeoutMs: nearbyTimeoutMs, userAgent, allowLinkLocal: true });
  const outside = createTransport({ timeoutMs: outsideTimeoutMs, userAgent, proxy });
  const tools: CloudTools = { variables, clock, nearby, outside };

  return {
    async find(request) {
      const host = request.repository.registry.toLowerCase();
      const cloud = options.clouds.find((one) => registries[one].serves(host));
      if (cloud === undefined || request.access.insecure) {
        return { kind: 'Nothing' };
      }
      return await found.get(keyOf(host), () => load(tools, registries[cloud], request), request.signal);
    },
    forget: ({ registry }) => found.forget(keyOf(registry.toLowerCase())),
    close: async () => {
      await Promise.all([nearby.close(), outside.close()]);
    },
  };
}

function keyOf(host: string): string {
  return `${host} `;
}

async function load(
  tools: CloudTools,
  registry: CloudRegistry,
  { repository, access }: AmbientRequest,
): Promise<Loaded<AmbientFinding>> {
  const startedMs = tools.clock.now().getTime();
  try {
    // All who wait share it, so it must not end with one of them; the transports bound its time.
    const signal = new AbortController().signal;
    const { value, expiresAtMs } = await registry.signIn(
      tools,
      { host: repository.registry.toLowerCase(), access },
      signal,
    );
    return { value: { kind: 'Found', credentials: value }, expiresAtMs: usableUntil(startedMs, expiresAtMs) };
  } catch (error) {
    if (!isOperationError(error)) {
      throw error;
    }
    const problem = `the identity of ${registry.name} cannot be used: ${describeError(error)}`;
    return { value: { kind: 'Unusable', problem }, expiresAtMs: startedMs + failureMaxAgeMs };
  }
}

function usableUntil(startedMs: number, expiresAtMs: number): number {
  const lifetimeMs = Math.max(0, expiresAtMs - startedMs);
  return expiresAtMs - Math.min(expiryMarginMs, lifetimeMs / 2);
}
