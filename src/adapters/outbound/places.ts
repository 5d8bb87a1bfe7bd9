/** Which places a user must not send us to (server-side request forgery). Names are judged by what they resolve to. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Place } from '../../network/place-guard.ts';
import { reachOf } from '../../network/reach.ts';
import { type Allowance, allowsAddress } from './allowance.ts';

export interface Rules {
  readonly allowance: Allowance;
  /** Never to be asked, whatever is allowed: the API server answers our pod what it may answer nobody else. */
  readonly apiServer: readonly Place[];
}

/** Why an address must not be connected to; undefined: it may. */
export function findObjection(rules: Rules, { host: address, port }: Place, name: string): string | undefined {
  if (rules.apiServer.some((one) => one.port === port && plain(one.host) === plain(address))) {
    return 'is the API server of the cluster';
  }
  if (rules.allowance.hosts.has(name) || allowsAddress(rules.allowance, address)) {
    return undefined;
  }
  const kind = describeInner(address);
  return kind === undefined ? undefined : `is a ${kind} address; whoever runs Headgate may allow it (--allow-outbound)`;
}

/** Undefined where a proxy alone can resolve the name, or nobody. */
export async function addressesOf(host: string): Promise<readonly string[] | undefined> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // Whoever connects will say so.
    return undefined;
  }
}

function describeInner(address: string): string | undefined {
  if (isMulticast(address)) {
    return 'multicast or broadcast';
  }
  const reach = reachOf(address);
  return reach === 'loopback' ? 'loopback' : reach === 'linkLocal' ? 'link-local or metadata' : undefined;
}

/** 224.0.0.0/4, 240.0.0.0/4 with the broadcast, ff00::/8. */
function isMulticast(address: string): boolean {
  const bare = plain(address);
  return isIP(bare) === 4 ? Number(bare.split('.')[0]) >= 224 : /^ff/i.test(bare);
}

/** IPv4 in IPv6 as what it stands for. */
function plain(address: string): string {
  const [, dotted] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) {
    return dotted ?? address.toLowerCase();
  }
  const words = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return words.flatMap((word) => [word >> 8, word & 255]).join('.');
}
