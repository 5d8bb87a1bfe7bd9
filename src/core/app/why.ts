/** In one sentence: what an App runs, and why it does not move or what it does right now. */
import { isFinal, type UpdatePhase } from '../update/journal.ts';

export interface WhyView {
  readonly name: string;
  /** Versions in use, as text; empty when nobody has looked yet. */
  readonly current: string;
  /** Newer ones, as text; empty when there are none. */
  readonly available: string;
  /** What the App itself waits for. */
  readonly waiting: WhyWaiting | undefined;
  /** The last Update. */
  readonly update:
    | {
        readonly name: string;
        readonly phase: UpdatePhase;
        /** What it brings, as text. */
        readonly brings: string;
        readonly waiting: WhyWaiting | undefined;
        readonly failure: string | undefined;
      }
    | undefined;
}

export interface WhyWaiting {
  readonly reason: string;
  readonly message: string;
  readonly until?: string | undefined;
}

export function whySentence(view: WhyView): string {
  const { name, current, available, waiting, update } = view;
  if (update && !isFinal(update.phase)) {
    return sentence(whyOpen(view, update));
  }
  if (!waiting) {
    return sentence(`nobody has looked at ${name} yet, so the controller does not run or has not come to it`);
  }
  if (waiting.reason === 'UpToDate') {
    return sentence(`${name} runs ${current}, and nothing newer may be taken${because(waiting, ': ')}`);
  }
  const moves = available === '' ? 'does not move' : `does not move to ${available}`;
  return sentence(`${runsAnd(view)}${moves}${because(waiting, ', because ')}`);
}

function whyOpen(view: WhyView, update: NonNullable<WhyView['update']>): string {
  const { name } = view;
  const { phase, brings, waiting, failure } = update;
  switch (phase) {
    case 'Pending':
      return `${runsAnd(view)}does not move to ${brings} yet${because(waiting, ', because ')}`;
    case 'RollingBack':
    case 'VerifyingRollback':
      return `${name} goes back from ${brings}${failure === undefined ? '' : `, because ${trimmed(failure)}`} (Update ${update.name})`;
    default:
      return `${name} is moving to ${brings} (Update ${update.name})${because(waiting, ': ')}`;
  }
}

function runsAnd({ name, current }: WhyView): string {
  return current === '' ? `${name} ` : `${name} runs ${current} and `;
}

function because(waiting: WhyWaiting | undefined, link: string): string {
  if (!waiting || waiting.message.trim() === '') {
    return '';
  }
  const until =
    waiting.until === undefined || waiting.message.includes(waiting.until) ? '' : `, until ${waiting.until}`;
  return `${link}${trimmed(waiting.message)}${until}`;
}

function trimmed(message: string): string {
  return message
    .trim()
    .replace(/\.+$/, '')
    .replace(/\s*\n\s*/g, '; ');
}

function sentence(text: string): string {
  return `${text}.`;
}
