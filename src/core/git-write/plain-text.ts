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

/** What may stand anywhere in a plain scalar: letters, digits and what image names and versions have besides them. */
const plainCharacters = /^[\w/][\w./:@+-]*(?<!:)$/;

/** What quotes alone do not carry: line breaks, which YAML folds, control characters, and halves of characters. */
const needsEscapes = /[^\t\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

/**
 * A text as a scalar without quotes; in quotes where it would be read as a number (`1.20`, `123e4`), a boolean (`on`), a date
 * or nothing, as kyaml does it, or where it is more than an image name or a version.
 */
export function formatPlain(text: string): string {
  if (text === '' || words.test(text) || isNumber(text) || sexagesimal.test(text) || date.test(text)) {
    return `"${text}"`;
  }
  return plainCharacters.test(text) ? text : formatSingle(text);
}

/** In single quotes; in double ones where those cannot carry it. */
export function formatSingle(text: string): string {
  return needsEscapes.test(text) ? formatDouble(text) : `'${text.replaceAll("'", "''")}'`;
}

/** In double quotes, where everything can be written. */
export function formatDouble(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff]/g, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function isNumber(text: string): boolean {
  return /^[-+.0-9]/.test(text) && number.test(text.replaceAll('_', ''));
}
