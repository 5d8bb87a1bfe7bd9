/** Letters by SMTP. */
import type { NoticeLetter } from '../../core/notify/requests.ts';

export interface Mailer {
  /** @throws OUTBOUND_REFUSED, OUTBOUND_UNREACHABLE, OUTBOUND_ANSWER_INVALID when the server refuses the letter */
  send(letter: NoticeLetter, signal: AbortSignal): Promise<void>;
}
