/** Where the API server listens, by its own word and by the address that we have of it. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { isOperationError } from '../../core/errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';

export interface ListeningPlace {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

const Answer = Type.Object({
  serverAddressByClientCIDRs: Type.Array(Type.Object({ serverAddress: Type.String({ maxLength: 512 }) })),
});

/** Names are resolved again after this. */
const maxAgeMs = 60_000;
/** Control planes move seldom, and whoever is at rest asks the API server nothing. */
const advertisedMaxAgeMs = 3_600_000;

/**
 * Asks when something first goes outside, and again when the answer is older than an hour; names are resolved again after a minute.
 *
 * @param server base URL of the API server, as we reach it
 */
export function createApiServerPlaces(
  { client, clock }: { readonly client: KubeClient; readonly clock: Clock },
  server: string,
): (signal: AbortSignal) => Promise<readonly ListeningPlace[]> {
  let known: { readonly places: readonly ListeningPlace[]; readonly atMs: number } | undefined;
  let advertised: { readonly places: readonly string[]; readonly atMs: number } | undefined;
  return async (signal) => {
    const nowMs = clock.now().getTime();
    if (known === undefined || nowMs - known.atMs > maxAgeMs) {
      if (advertised === undefined || nowMs - advertised.atMs > advertisedMaxAgeMs) {
        const places = await askAdvertised(client, signal);
        advertised = places === undefined ? advertised : { places, atMs: nowMs };
      }
      const told = (advertised?.places ?? []).map((one) => `https://${one}`);
      const names = [server, 'https://kubernetes.default.svc', ...told];
      known = { places: (await Promise.all(names.map(resolvePlace))).flat(), atMs: nowMs };
    }
    return known.places;
  };
}

/** Undefined: it does not say right now. */
async function askAdvertised(client: KubeClient, signal: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const answer = await client.request({
      what: 'read addresses of the API server',
      method: 'GET',
      path: '/api',
      signal,
    });
    return Value.Check(Answer, answer)
      ? answer.serverAddressByClientCIDRs.map(({ serverAddress }) => serverAddress)
      : undefined;
  } catch (error) {
    if (isOperationError(error)) {
      return undefined;
    }
    throw error;
  }
}

async function resolvePlace(address: string): Promise<readonly ListeningPlace[]> {
  const url = URL.parse(address);
  if (url === null) {
    return [];
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
  const addresses = isIP(host) === 0 ? await addressesOf(host) : [host];
  return addresses.map((one) => ({ host: one, port }));
}

async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // What does not resolve cannot be reached under this name by anybody.
    return [];
  }
}
