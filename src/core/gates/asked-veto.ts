/** "Not now" that is asked for: of a URL, of Prometheus, of an Alertmanager, of the workloads themselves. Pure: what is asked, and what the answers come to. */
import type { Expression } from '../cel/expression.ts';
import { joinSome } from '../text.ts';
import type { Waiting } from '../waiting.ts';
import type { GateAnswer } from './gate-answer.ts';

export interface AskedVeto {
  readonly name: string;
  /** What becomes of an Update while it cannot be asked. */
  readonly onError: 'Wait' | 'Ignore';
  /** How often it is asked while an Update waits for it. */
  readonly everyMs: number;
  readonly of: VetoQuestion;
}

export type VetoQuestion =
  | { readonly kind: 'Http'; readonly url: string; readonly secret: string | undefined }
  | {
      readonly kind: 'Metric';
      readonly url: string;
      readonly secret: string | undefined;
      readonly query: string;
      /** What a query that gives nothing says. */
      readonly whenEmpty: 'Go' | 'Wait';
    }
  | {
      readonly kind: 'Alerts';
      readonly url: string;
      readonly secret: string | undefined;
      readonly matchers: readonly string[];
    }
  | { readonly kind: 'Cel'; readonly expression: Expression; readonly secret: undefined };

/** What one veto says. */
export type Verdict =
  | { readonly kind: 'Go' }
  | { readonly kind: 'Hold'; readonly reason: string; readonly until?: Date | undefined }
  /** It was not to be had, or is no answer. Nobody may take it for a yes. */
  | { readonly kind: 'Unknown'; readonly because: string };

/**
 * What all of them come to.
 *
 * @param lookAt when they are asked again
 */
export function judgeVerdicts(
  verdicts: readonly { readonly veto: AskedVeto; readonly verdict: Verdict }[],
  lookAt: Date,
): GateAnswer {
  const holding = verdicts.flatMap(({ veto, verdict }) => (verdict.kind === 'Hold' ? [{ veto, verdict }] : []));
  if (holding.length > 0) {
    const message = joinSome(
      holding.map(({ veto, verdict }) => `veto ${veto.name}: ${verdict.reason}`),
      '; ',
    );
    const ends = holding.map(({ verdict }) => verdict.until?.getTime());
    const until = ends.every((end) => end !== undefined) ? new Date(Math.max(...ends)) : undefined;
    return shut({ reason: 'Veto', message, ...(until === undefined ? {} : { until }) }, lookAt);
  }
  const unknown = verdicts.flatMap(({ veto, verdict }) => (verdict.kind === 'Unknown' ? [{ veto, verdict }] : []));
  const said = unknown.map(({ veto, verdict }) => ({
    veto,
    text: `veto ${veto.name} is not known: ${verdict.because}`,
  }));
  const serious = said.filter(({ veto }) => veto.onError === 'Wait').map(({ text }) => text);
  return serious.length > 0
    ? shut({ reason: 'VetoUnknown', message: joinSome(serious, '; ') }, lookAt)
    : { kind: 'Open', notes: said.map(({ text }) => `${text}; it is set to be ignored then`) };
}

function shut(waiting: Waiting, lookAt: Date): GateAnswer {
  return { kind: 'Shut', waiting, lookAt };
}
