/** What the operator lets users reach of what they may not reach by themselves: `--allow-outbound`. */
import { BlockList, isIP } from 'node:net';

export interface Allowance {
  readonly ranges: BlockList;
  /** In lower case. */
  readonly hosts: ReadonlySet<string>;
}

export const nothingAllowed: Allowance = { ranges: new BlockList(), hosts: new Set() };

/**
 * @param texts each an address, a range (`10.0.0.0/8`) or a host name
 * @returns the first text that is none of them, when there is one
 */
export function parseAllowance(texts: readonly string[]): Allowance | { readonly wrong: string } {
  const ranges = new BlockList();
  const hosts = new Set<string>();
  for (const text of texts) {
    const [network = '', bits] = text.split('/');
    const family = isIP(network);
    if (family === 0 && bits === undefined && isHostName(text)) {
      hosts.add(text.toLowerCase());
    } else if (family === 0 || !isPrefix(bits, family)) {
      return { wrong: text };
    } else {
      ranges.addSubnet(network, bits === undefined ? width(family) : Number(bits), typeOf(family));
    }
  }
  return { ranges, hosts };
}

/** Whether an address is allowed by its range. */
export function allowsAddress({ ranges }: Allowance, address: string): boolean {
  return ranges.check(address, typeOf(isIP(address)));
}

function isHostName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i.test(text);
}

function isPrefix(bits: string | undefined, family: number): boolean {
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width(family));
}

function width(family: number): number {
  return family === 4 ? 32 : 128;
}

function typeOf(family: number): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}
