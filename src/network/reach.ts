/**
 * How far into the network addresses lie. A registry chooses where we go next, by a redirect or by the token server that it names; it must
 * not choose what only we can reach: this machine, the metadata server of a cloud, a neighbour in the cluster (server-side request forgery).
 */
import { lookup as lookupAsync } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** From what all can reach to what nobody else can. */
const reaches = ['public', 'private', 'loopback', 'linkLocal'] as const;
export type Reach = (typeof reaches)[number];

type Ranges = readonly (readonly [network: string, bits: number])[];

const linkLocal = blockListOf([
  ['169.254.0.0', 16],
  ['fe80::', 10],
  // Metadata servers at other addresses: AWS and Google over IPv6, Alibaba, Azure.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  // The same behind a translator of IPv6 to IPv4 (RFC 6052).
  ['64:ff9b::a9fe:0', 112],
]);
const loopback = blockListOf([
  ['127.0.0.0', 8],
  ['0.0.0.0', 8],
  ['::1', 128],
  ['::', 128],
]);
const privateRanges = blockListOf([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
]);

function blockListOf(ranges: Ranges): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) {
    list.addSubnet(network, bits, isIP(network) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** @param address an IP address; IPv4 in IPv6 counts as what it stands for */
export function reachOf(address: string): Reach {
  const type = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  if (linkLocal.check(address, type)) {
    return 'linkLocal';
  }
  if (loopback.check(address, type)) {
    return 'loopback';
  }
  return privateRanges.check(address, type) ? 'private' : 'public';
}

/** Whether the host is this machine, or a link-local address, by what is written. */
export function isNearby(host: string): boolean {
  const reach = isIP(host) === 0 ? 'public' : reachOf(host);
  return host === 'localhost' || host.endsWith('.localhost') || reach === 'loopback' || reach === 'linkLocal';
}

/** Where a host lies: of several addresses the innermost counts. Undefined when the name does not resolve. */
export async function reachOfHost(host: string): Promise<Reach | undefined> {
  if (isIP(host) !== 0) {
    return reachOf(host);
  }
  try {
    const addresses = await lookupAsync(host, { all: true });
    const found = addresses.map(({ address }) => reachOf(address));
    return reaches.findLast((reach) => found.includes(reach));
  } catch {
    // Whoever connects will say so, with the error of the name server.
    return undefined;
  }
}

/** Whether the first lies further in than the second. */
export function isFurtherIn(one: Reach, other: Reach): boolean {
  return reaches.indexOf(one) > reaches.indexOf(other);
}
