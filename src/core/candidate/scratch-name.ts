/** What the scratch namespace of a Channel is called where nobody says so. */
import { createHash } from 'node:crypto';

const longestName = 63;
const hashLength = 10;

/** Always the same, so that rights can be given there before it is there. */
export function scratchNameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  const whole = `${namespace}-try-${name}`;
  const plain = whole.replaceAll('.', '-');
  if (plain === whole && whole.length <= longestName) {
    return whole;
  }
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, hashLength);
  return `${plain.slice(0, longestName - hashLength - 1).replace(/-+$/, '')}-${hash}`;
}
