import { expect, test } from 'vitest';
import { parseFieldPath } from './field-path.ts';
import { findField } from './object-path.ts';

const object = {
  metadata: { annotations: { 'a.b/c': 'x' } },
  spec: {
    empty: null,
    sources: [
      { chart: 'web', targetRevision: '1' },
      { chart: 'db', targetRevision: '2' },
      { chart: 'db', targetRevision: '3' },
    ],
  },
};

test.each([
  {
    path: 'spec.sources[chart=web].targetRevision',
    found: { kind: 'Found', pointer: '/spec/sources/0/targetRevision', value: '1' },
  },
  {
    path: 'spec.sources[1].targetRevision',
    found: { kind: 'Found', pointer: '/spec/sources/1/targetRevision', value: '2' },
  },
  {
    path: 'metadata.annotations.a\\.b/c',
    found: { kind: 'Found', pointer: '/metadata/annotations/a.b~1c', value: 'x' },
  },
  { path: 'spec.empty', found: { kind: 'Found', pointer: '/spec/empty', value: null } },
  { path: 'spec.version', found: { kind: 'Absent', pointer: '/spec/version' } },
  { path: 'spec.chart.version', found: { kind: 'Missing', reason: 'it has no spec.chart' } },
  { path: 'spec.sources[3]', found: { kind: 'Missing', reason: 'it has no spec.sources[3]' } },
  { path: 'spec.sources[chart=db]', found: { kind: 'Missing', reason: 'spec.sources[chart=db] is there 2 times' } },
  { path: 'spec.sources[chart=x].a', found: { kind: 'Missing', reason: 'it has no spec.sources[chart=x]' } },
  { path: 'spec.constructor', found: { kind: 'Absent', pointer: '/spec/constructor' } },
  { path: 'spec.empty.a', found: { kind: 'Missing', reason: 'it has no spec.empty.a' } },
])('$path', ({ path, found }) => {
  const parsed = parseFieldPath(path);

  expect(parsed.kind === 'Path' && findField(object, parsed.path)).toEqual(found);
});
