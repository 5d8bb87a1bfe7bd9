import { expect, test } from 'vitest';
import type { VersionChange } from '../update/version-change.ts';
import { readOutsideAnswer } from './outside-answer.ts';

const from = { tag: '1.0.0', digest: 'sha256:old' };
const changes: readonly VersionChange[] = [
  { source: 'web', repository: 'a.test/web', from, to: { tag: '1.1.0', digest: 'sha256:new' } },
  { source: 'chart', repository: 'a.test/chart', from, to: { tag: '2.0.0', digest: undefined } },
];

test.each<readonly [string, unknown, string | undefined]>([
  ['a verdict', { verdict: 'pass', message: 'all well' }, 'Pass: all well'],
  ['in capitals, and nothing more', { verdict: 'FAIL' }, 'Fail: said fail'],
  ['about what was put in place', { verdict: 'pass', digest: 'sha256:new' }, 'Pass: said pass'],
  ['about what ran before', { verdict: 'pass', digest: 'sha256:old' }, 'Foreign'],
  ['about something else', { verdict: 'fail', digest: 'undefined' }, 'Foreign'],
  ['not yet, about something else', { verdict: 'pending', digest: 'sha256:old' }, 'Pending'],
  ['a word that is no verdict', { verdict: 'constructor', digest: 'sha256:old' }, undefined],
  ['no object', 'pass', undefined],
])('%s', (_, body, expected) => {
  const said = readOutsideAnswer(body, changes);

  expect(said?.kind === 'Outcome' ? `${said.outcome.kind}: ${said.outcome.message}` : said?.kind).toBe(expected);
});
