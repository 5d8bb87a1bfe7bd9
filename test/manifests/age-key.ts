/** Keys of age, made anew for each test: an X25519 pair written in Bech32 (BIP 173), as age-keygen does. */
import { generateKeyPairSync } from 'node:crypto';

export interface AgeKey {
  readonly identity: string;
  readonly recipient: string;
}

export function makeAgeKey(): AgeKey {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const scalar = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { identity: bech32('age-secret-key-', scalar).toUpperCase(), recipient: bech32('age', point) };
}

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function bech32(prefix: string, bytes: Buffer): string {
  const data = toGroupsOf5(bytes);
  const expanded = [...prefix].map((letter) => letter.charCodeAt(0));
  const head = [...expanded.map((code) => code >> 5), 0, ...expanded.map((code) => code & 31)];
  const sum = checksum([...head, ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = Array.from({ length: 6 }, (_, index) => (sum >> (5 * (5 - index))) & 31);
  return `${prefix}1${[...data, ...tail].map((group) => alphabet[group]).join('')}`;
}

function toGroupsOf5(bytes: Buffer): number[] {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => Number.parseInt(group.padEnd(5, '0'), 2));
}

function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [index, generator] of generators.entries()) {
      sum ^= (top >> index) & 1 ? generator : 0;
    }
  }
  return sum;
}
