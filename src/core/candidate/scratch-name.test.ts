import { expect, test } from 'vitest';
import { scratchNameOf } from './scratch-name.ts';

test.each<{ what: string; name: string; scratch: string | RegExp }>([
  { what: 'short', name: 'stable', scratch: 'shop-try-stable' },
  { what: 'with a dot, which no namespace has', name: 'a.b', scratch: /^shop-try-a-b-[0-9a-f]{10}$/ },
  { what: 'too long', name: 'x'.repeat(80), scratch: /^shop-try-x{43}-[0-9a-f]{10}$/ },
])('the scratch namespace of a Channel whose name is $what', ({ name, scratch }) => {
  const found = scratchNameOf({ namespace: 'shop', name });
  expect(found).toMatch(scratch);
  expect(found.length).toBeLessThanOrEqual(63);
});
