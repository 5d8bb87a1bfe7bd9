/** How receivers of what Headgate sends can tell that it comes from somebody who knows their secret, and when it was sent. */
import { createHmac } from 'node:crypto';

/** HMAC-SHA256 over the seconds since 1970, a dot and the body; an old one that is sent again shows its age. */
export function signBody(secret: string, body: string, now: Date): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-headgate-timestamp': timestamp, 'x-headgate-signature-256': `sha256=${signature}` };
}
