/** How commands print: plain aligned columns as kubectl's, or JSON; and nothing in either that a terminal would obey. */

const gap = '   ';

/** Rows under a heading; control characters of foreign text are shown, not sent to the terminal. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows].map((row) => row.map(harmless));
  const widths = heading.map((_, column) => all.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(gap)
        .trimEnd(),
    )
    .join('\n');
}

/** Indented JSON; characters that a terminal would obey are escaped, which means the same to a parser. */
export function formatJson(value: unknown): string {
  const indent = 2;
  const text = JSON.stringify(value, undefined, indent);
  return text.replace(obeyed, (character) => (character === '\n' ? character : `\\u${hex(character, 4)}`));
}

/** Shows what a terminal would obey: control characters, and what turns the direction of text. */
export function harmless(text: string): string {
  return text.replace(obeyed, (character) =>
    character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`,
  );
}

const obeyed = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
