/** Which texts mean something else than themselves when they stand in YAML without quotes. */

/**
 * Words that YAML 1.1 reads as a boolean or as null. Kubernetes reads YAML 1.1.
 *
 * @see https://yaml.org/type/bool.html
 */
const words = /^(?:y|yes|n|no|true|false|on|off|null|~)$/i;

/** Decimal, octal, hexadecimal and binary numbers, with underscores as Go reads them, and their float forms. */
const number = /^[-+]?(?:0b[01]+|0o?[0-7]+|0x[0-9a-f]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?)$/i;

/** `1:20` is 80 to parsers of YAML 1.1 other than Go's. */
const sexagesimal = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

const date = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$/;

/** What may stand anywhere in a plain scalar: letters, digits and what image names have besides them. */
const plainCharacters = /^[\w/][\w./:@-]*$/;

/**
 * An image name, or a part of one, as a scalar without quotes; in quotes where it would be read as a number (`1.20`,
 * `123e4`), a boolean (`on`), a date or nothing, as kyaml does it.
 */
export function formatPlain(text: string): string {
  if (text === '' || words.test(text) || isNumber(text) || sexagesimal.test(text) || date.test(text)) {
    return `"${text}"`;
  }
  return plainCharacters.test(text) ? text : `'${text}'`;
}

function isNumber(text: string): boolean {
  return /^[-+.0-9]/.test(text) && number.test(text.replaceAll('_', ''));
}
