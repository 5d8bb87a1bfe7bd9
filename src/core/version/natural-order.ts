/** Order of texts in which numbers count by their value: `build-9` is before `build-10`. */

const zero = 48;
const nine = 57;

/**
 * A key whose order by code units (compareTexts) is the natural order of the texts.
 *
 * Each run of digits becomes `0`, the number of its digits without leading zeros, and those digits, so that a longer number
 * is a greater one. Texts that differ only in leading zeros have the same key. Work is linear in the length.
 */
export function naturalKey(text: string): string {
  let key = '';
  let end = 0;
  for (let at = 0; at < text.length; at = end) {
    end = endOfRun(text, at);
    if (!isDigit(text.charCodeAt(at))) {
      key += text.slice(at, end);
      continue;
    }
    let first = at;
    while (first < end - 1 && text.charCodeAt(first) === zero) {
      first += 1;
    }
    key += `0${String.fromCharCode(end - first)}${text.slice(first, end)}`;
  }
  return key;
}

/** Where the digits, or the characters that are none, end. */
function endOfRun(text: string, start: number): number {
  const areDigits = isDigit(text.charCodeAt(start));
  let end = start + 1;
  while (end < text.length && isDigit(text.charCodeAt(end)) === areDigits) {
    end += 1;
  }
  return end;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}
