import { describe, expect, test } from 'vitest';
import { compilePodSelector, termsOfLabels } from './pod-selector.ts';

const web = { app: 'web', tier: 'front' };

describe('a selector', () => {
  test.each([
    { text: '', labels: {}, matches: true },
    { text: 'app=web', labels: web, matches: true },
    { text: 'app=web', labels: { app: 'other' }, matches: false },
    { text: 'app=web', labels: {}, matches: false },
    { text: 'app=', labels: { app: '' }, matches: true },
    { text: 'app=web,tier=front', labels: web, matches: true },
    { text: 'app=web,tier=back', labels: web, matches: false },
    { text: 'tier in (front,back)', labels: web, matches: true },
    { text: 'tier in (back),app=web', labels: web, matches: false },
    { text: 'tier notin (back,middle),app=web', labels: web, matches: true },
    { text: 'tier notin (front)', labels: web, matches: false },
    { text: 'tier notin (front)', labels: {}, matches: true },
    { text: 'tier', labels: web, matches: true },
    { text: 'tier', labels: {}, matches: false },
    { text: '!tier', labels: web, matches: false },
    { text: '!tier,app=web', labels: { app: 'web' }, matches: true },
  ])('"$text" on $labels: $matches', ({ text, labels, matches }) => {
    expect(compilePodSelector(text).matches(labels)).toBe(matches);
  });
});

test.each([
  { text: 'a in (x),app=web', term: 'app=web' },
  { text: 'example.org/app=web', term: 'example.org/app=web' },
  { text: 'a in (x,y)', term: undefined },
  { text: '!a,b', term: undefined },
])('"$text" is looked up by $term', ({ text, term }) => {
  expect(compilePodSelector(text).term).toBe(term);
});

test('a pod is found by each of its labels', () => {
  expect(termsOfLabels(web)).toEqual(['app=web', 'tier=front']);
});
