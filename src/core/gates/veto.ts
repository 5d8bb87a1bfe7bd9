/** Vetoes as annotations say them: `headgate.dev/veto` holds the reason, `headgate.dev/veto-until` the end where there is one. */
import type { Veto } from './gates.ts';

export const vetoAnnotation = 'headgate.dev/veto';
export const vetoUntilAnnotation = 'headgate.dev/veto-until';

/**
 * The veto that an object carries. An end that is no time counts as none: what was to hold something back must not let it go for a
 * slip of the keyboard.
 *
 * @param by how messages name the object
 */
export function readVeto(annotations: Readonly<Record<string, string>>, by: string): Veto | undefined {
  const reason = annotations[vetoAnnotation];
  if (reason === undefined) {
    return undefined;
  }
  const text = annotations[vetoUntilAnnotation];
  const end = text === undefined ? undefined : new Date(text);
  if (end !== undefined && Number.isNaN(end.getTime())) {
    const problem = `${vetoUntilAnnotation} is no time ("${text?.slice(0, longestShown)}"); write for example 2030-01-31T00:00:00Z`;
    return { by, reason: `${clip(reason)} (${problem})`, until: undefined };
  }
  return { by, reason: clip(reason), until: end };
}

const longestShown = 64;
const longestReason = 512;

function clip(reason: string): string {
  const told = reason.trim() === '' ? 'no reason is given' : reason.trim();
  return told.length > longestReason ? `${told.slice(0, longestReason)}…` : told;
}
