/** Which words of Markdown are in no dictionary. Code, addresses and names of files are left out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import dictionary from 'dictionary-en';
import nspell from 'nspell';

/** Words of this project, one a line. */
export const ownWords = readFileSync(join(import.meta.dirname, '../words.txt'), 'utf8')
  .split('\n')
  .filter(Boolean);

const speller = nspell(dictionary);
for (const word of ownWords) {
  speller.add(word);
}

/** Each once, in the order of the text. */
export function misspelt(text: string): readonly string[] {
  return [...new Set(wordsOf(text))].filter((word) => !isKnown(word));
}

function isKnown(word: string): boolean {
  const base = word.replace(/'s?$/, '');
  return [word, base, base.replace(/s$/, '')].some((form) => speller.correct(form));
}

/** Words of prose; what has digits, capitals inside or underscores is a name and not looked at. */
export function wordsOf(text: string): readonly string[] {
  const prose = text
    .replaceAll(/^---\n.*?^---$/gms, '')
    .replaceAll(/^(```|~~~).*?^\1\s*$/gms, ' ')
    .replaceAll(/<!--.*?-->/gs, ' ')
    .replaceAll(/`[^`\n]*`/g, ' ')
    .replaceAll(/\]\([^)]*\)/g, '] ')
    .replaceAll(/<[^>]+>|https?:\/\/\S+|[\w.@-]+\/[\w./@-]+|[\w-]+(\.[\w-]+)+/g, ' ')
    .replaceAll('’', "'");
  const tokens = prose.match(/[\p{L}\d_']+/gu) ?? [];
  return tokens
    .map((token) => token.replaceAll(/^'+|'+$/g, ''))
    .filter((token) => /^\p{L}?[\p{Ll}']{2,}$/u.test(token));
}
