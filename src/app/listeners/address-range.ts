import { isIP, isIPv6 } from 'node:net';
import { OperationError } from '../../core/errors.ts';

export interface AddressRange {
  readonly address: string;
  /** How many of the first bits count; all for a single address. */
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * An address, or a range as `10.0.0.0/8`.
 *
 * @param option of the command line, for the message
 * @throws USAGE
 */
export function parseAddressRange(text: string, option: string): AddressRange {
  const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv6' ? 128 : 32;
  const count = bits === undefined ? longest : Number(bits);
  if (isIP(address) === 0 || count > longest) {
    throw new OperationError(`${option}: "${text}" is no address and no range; write for example 10.0.0.0/8`, {
      code: 'USAGE',
      retry: 'never',
    });
  }
  return { address, bits: count, family };
}
