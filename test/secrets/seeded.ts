/** Secrets of which any trace can be found again, in each form that programs print them in. */
import { randomBytes } from 'node:crypto';

/** Letters and digits that mean nothing, with signs that URLs, JSON and shells write in other ways. */
export function seedSecret(name: string): string {
  return `${name}-${randomBytes(9).toString('hex')}+/="&%`;
}

export interface Trace {
  readonly secret: string;
  readonly place: string;
  /** What stands around it. */
  readonly around: string;
}

/** Where one of the secrets stands in a text, in whatever form. */
export function tracesIn(secrets: Readonly<Record<string, string>>, place: string, text: string): readonly Trace[] {
  return Object.entries(secrets).flatMap(([secret, value]) => {
    const at = formsOf(value)
      .map((form) => text.indexOf(form))
      .find((index) => index >= 0);
    return at === undefined ? [] : [{ secret, place, around: text.slice(Math.max(0, at - 160), at + 60) }];
  });
}

/** Plain, in JSON, in a URL, in hexadecimal digits, and in base64 wherever in a text it begins. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const shifted = [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    // Digits that also depend on what stands before or behind are left out.
    const digits = padded.toString('base64').replaceAll('=', '');
    const own = digits.slice(before === 0 ? 0 : before + 1, padded.length % 3 === 0 ? undefined : -1);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    ...new Set([
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      encodeURI(value),
      new URLSearchParams({ '': value }).toString().slice(1),
      bytes.toString('hex'),
      ...shifted,
    ]),
  ];
}
