import { expect, test } from 'vitest';
import { findNextLink } from './link-header.ts';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['</v2/app/tags/list?last=b&n=2>; rel="next"', '/v2/app/tags/list?last=b&n=2'],
  ['<https://registry/v2/app/tags/list?last=b>;rel=next', 'https://registry/v2/app/tags/list?last=b'],
  ['</prev>; rel="prev", </next>; title="a, b"; rel="last next"', '/next'],
  ['</prev>; rel="prev"', undefined],
  ['</x>; rel="nextish"', undefined],
  ['</x>; rel=nextish', undefined],
  [['</prev>; rel="prev"', '</next>; rel="next"'], '/next'],
  ['<>; rel="next"', ''],
  ['/x; rel="next"', undefined],
])('%j -> %j', (header, expected) => {
  expect(findNextLink(header)).toBe(expected);
});
