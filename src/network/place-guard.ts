/**
 * Where servers never are that Apps get their versions from, whoever names them: the API server of the cluster, and what only a machine
 * itself reaches, as the metadata server of a cloud. Names are judged by what they resolve to, and again by what is connected to.
 */
import { lookup } from 'node:dns';
import { lookup as lookupAsync } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { reachOf } from './reach.ts';

/** Where one thing listens. */
export interface Place {
  /** An address or a name. */
  readonly host: string;
  readonly port: number;
}

export interface PlaceGuard {
  /** Learns where the API server is now; to be called before each of the others is relied on. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Why an IP address must not be connected to; undefined: it may. */
  objectionTo(place: Place): string | undefined;
  /** For connections: refuses with PlaceForbidden, so that a name server has no second word. */
  lookupAt(port: number): LookupFunction;
  /**
   * Addresses that may be connected to; none where the name is not known here.
   *
   * @throws PlaceForbidden when any is not
   */
  addressesOf(place: Place, signal: AbortSignal): Promise<readonly string[]>;
}

/** @param apiServer by address; asked before each request, so it should remember */
export function createPlaceGuard(apiServer: (signal: AbortSignal) => Promise<readonly Place[]>): PlaceGuard {
  let forbidden: readonly Place[] = [];
  const objectionTo = ({ host, port }: Place) => {
    if (reachOf(host) === 'linkLocal') {
      return 'is a link-local address';
    }
    const isApi = forbidden.some((one) => one.port === port && plain(one.host) === plain(host));
    return isApi ? 'is the API server of the cluster' : undefined;
  };
  const refuse = (name: string, port: number, addresses: readonly string[]): PlaceForbidden | undefined => {
    const objection = addresses.map((host) => objectionTo({ host, port })).find((one) => one !== undefined);
    return objection === undefined ? undefined : new PlaceForbidden(`${name} ${objection}`);
  };
  const refresh = async (signal: AbortSignal) => {
    forbidden = await apiServer(signal);
  };
  return {
    refresh,
    objectionTo,
    lookupAt: (port) => (hostname, options, callback) => {
      lookup(hostname, options, (error, address, family) => {
        const addresses = Array.isArray(address) ? address.map((one) => one.address) : [address];
        const refusal = error === null ? refuse(hostname, port, addresses) : undefined;
        if (refusal !== undefined) {
          callback(refusal, '', 4);
          return;
        }
        callback(error, address, family);
      });
    },
    async addressesOf({ host, port }, signal) {
      await refresh(signal);
      const addresses = isIP(host) === 0 ? await resolve(host) : [host];
      const refusal = refuse(host, port, addresses);
      if (refusal !== undefined) {
        throw refusal;
      }
      return addresses;
    },
  };
}

/** For commands that know no cluster. */
export function guardWithoutCluster(): PlaceGuard {
  return createPlaceGuard(() => Promise.resolve([]));
}

/** Its message says which host, and why; nothing was sent there. */
export class PlaceForbidden extends Error {
  readonly code = 'PLACE_FORBIDDEN';
}

async function resolve(host: string): Promise<readonly string[]> {
  try {
    return (await lookupAsync(host, { all: true })).map(({ address }) => address);
  } catch {
    // Whoever connects will say so.
    return [];
  }
}

function plain(address: string): string {
  return address.replace(/^::ffff:/i, '');
}
