/** Text of programs as a page shows it: without the codes by which terminals are told of colours, cursors and titles of windows. */

const esc = '\u001b';
const bell = '\u0007';

/** ECMA-48 (5.4 control sequences, 5.6 control strings up to their end, and escape sequences). */
const sequences = new RegExp(
  `${esc}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bell}${esc}]*(?:${bell}|${esc}\\\\)|[PX^_][^${esc}]*${esc}\\\\|[ -/]*[0-~])`,
  'g',
);
/** What is left of them, and what turns the direction of all that follows (Unicode TR 36, 3.1). */
const controls = /(?!\t)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** What a progress bar writes over itself is there once, as it was last. */
export function plainText(line: string): string {
  const shown = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  return shown.replace(sequences, '').replace(controls, '');
}
