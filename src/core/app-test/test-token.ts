/** By what an outside tester proves that it was asked. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface AskedAttempt {
  /** Of the Update, or of the Channel and its trial. */
  readonly uid: string;
  readonly test: string;
  /** The first is 1. */
  readonly number: number;
}

/**
 * Good for this one attempt. It follows from the secret that both sides share, so that it need not be kept and is the same after a crash;
 * once the attempt has its outcome, nothing is asked under it any more.
 */
export function testToken(secret: string, { uid, test, number }: AskedAttempt): string {
  return createHmac('sha256', secret).update(`headgate test\n${uid}\n${test}\n${number}`).digest('hex');
}

/** Takes the same time whatever is wrong. */
export function isTestToken(given: string, secret: string, attempt: AskedAttempt): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(testToken(secret, attempt)));
}
