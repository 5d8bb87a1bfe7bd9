/** Fulfils the engine's OutcomeSender over HTTP. */
import { OperationError } from '../../core/errors.ts';
import type { Outbound } from '../../engine/ports/outbound.ts';
import type { OutcomeSender } from '../../engine/ports/outcome-reports.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import { signReport } from './signed-report.ts';

export interface OutcomeSenderOptions {
  readonly outbound: Outbound;
  /** What the Subscription names and has for it; the key is made where there is none yet. */
  readonly readSender: (subscription: SubscriptionObjectWire, signal: AbortSignal) => Promise<ReportSender>;
}

export interface ReportSender {
  readonly url: string;
  readonly token: string | undefined;
  /** PEM. */
  readonly caBundle: string | undefined;
  /** Private, Ed25519, PEM. */
  readonly key: string;
}

const timeoutMs = 10_000;
const maxAnswerBytes = 4_096;

export function createOutcomeSender({ outbound, readSender }: OutcomeSenderOptions): OutcomeSender {
  return {
    async send(subscription, report, signal) {
      const { url, token, caBundle, key } = await readSender(subscription, signal);
      const headers = {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      };
      const bounds = { maxBytes: maxAnswerBytes, cutsBody: true, timeoutMs, maxRedirects: 0 };
      const what = 'report the outcome to the hub';
      const body = signReport(report, key);
      const { status } = await outbound.send({ what, method: 'POST', url, headers, body, caBundle, ...bounds }, signal);
      if (status !== 202) {
        throw new OperationError(`${what} at ${URL.parse(url)?.host ?? 'its url'}: it answers ${status}`, {
          code: 'OUTBOUND_ANSWER_INVALID',
          retry: 'backoff',
        });
      }
    },
  };
}
