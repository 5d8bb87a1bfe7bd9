/** Another value in the bytes of one scalar, in the style that it has. */
import { formatDouble, formatPlain, formatSingle } from './plain-text.ts';
import type { ScalarStyle } from './yaml-scalars.ts';

/**
 * The bytes of a scalar with another value. Quotes stay as they are; a block keeps its kind, its indentation, the comment on
 * its header and the empty lines after it, and loses the line break at its end, which no version has. A value with line breaks
 * or spaces at its ends takes quotes in place of a block.
 *
 * @param source the bytes of the scalar
 */
export function replaceScalar(source: string, style: ScalarStyle, value: string): string {
  switch (style) {
    case 'plain':
      return formatPlain(value);
    case 'single':
      return formatSingle(value);
    case 'double':
      return formatDouble(value);
    case 'block':
      return replaceBlock(source, value);
  }
}

/** One line that begins and ends with something to see. */
const fitsBlock = /^[!-~](?:[ -~]*[!-~])?$/;

function replaceBlock(source: string, value: string): string {
  const [header = ''] = /^[^\n]*\n?/.exec(source) ?? [];
  const [indicators = ''] = /^[|>][-+0-9]*/.exec(header) ?? [];
  const body = source.slice(header.length);
  const content = body.trimEnd();
  // Spaces at the end of the last line with something to see are of the old value.
  const emptyLines = body.slice(content.length).replace(/^[ \t]+(?=\r?\n|$)/, '');
  if (content === '' || !fitsBlock.test(value)) {
    const rest = content === '' ? emptyLines : emptyLines.replace(/^\r?\n/, '');
    return `${formatPlain(value)}${header.slice(indicators.length)}${rest}`;
  }
  const [, indentation = ''] = /^([ \t]*)[^ \t\r\n]/m.exec(content) ?? [];
  return `${indicators.charAt(0)}-${header.slice(indicators.length)}${indentation}${value}${emptyLines}`;
}
