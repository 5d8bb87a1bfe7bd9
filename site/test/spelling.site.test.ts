/** Words of the pages are in the dictionary or in site/words.txt. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { docsFolder, pagesOf, readNavigation } from '../navigation.ts';
import { misspelt, ownWords } from './speller.ts';

const pages = [
  'index.md',
  '../README.md',
  ...readNavigation()
    .flatMap(pagesOf)
    .map(({ path }) => path),
];

test.each(pages)('%s', (page) => {
  expect(misspelt(textOf(page))).toEqual([]);
});

test('a word that is misspelt is found, and code is not looked at', () => {
  const text = 'A recieved `kubectl` word, [lnik](../a/sertain.md).\n\n```\nteh\n```\n';

  expect(misspelt(text)).toEqual(['recieved', 'lnik']);
});

test('site/words.txt is sorted, and holds no word twice', () => {
  expect(ownWords).toEqual([...new Set(ownWords)].toSorted());
});

function textOf(page: string): string {
  return readFileSync(join(docsFolder, page), 'utf8');
}
