import { expect, test } from 'vitest';
import type { UpdateSummary } from '../../../src/server/api/schemas.ts';
import { csvOf } from './csv.ts';

const update: UpdateSummary = {
  namespace: 'shop',
  name: 'web-3',
  uid: 'u',
  resourceVersion: '1',
  createdAt: '2026-11-24T10:00:00Z',
  app: 'web',
  sequence: 3,
  phase: 'RolledBack',
  open: false,
  trigger: { kind: 'Source', by: 'headgate', reason: 'newer' },
  changes: [{ source: 'web', repository: 'r', from: { tag: '1.0' }, to: { tag: '1.1' } }],
  failure: { reason: 'CrashLoop', message: 'it said "no", twice', blamesVersion: true },
  startedAt: '2026-11-24T10:00:01Z',
  finishedAt: '2026-11-24T10:00:03Z',
  tookMs: 2_000,
  approvals: [],
};

test('an Update is one line; quotes are doubled', () => {
  expect(csvOf([update]).split('\r\n')).toEqual([
    'namespace,app,update,change,outcome,started,finished,seconds,by,reason',
    'shop,web,web-3,web 1.0 -> 1.1,RolledBack,2026-11-24T10:00:01Z,2026-11-24T10:00:03Z,2,headgate,"it said ""no"", twice"',
    '',
  ]);
});

test.each(['=1+1', '+1', '-1', '@sum', '\tx', '\rx'])('%j is text for a spreadsheet, no formula', (by) => {
  const [, line] = csvOf([{ ...update, trigger: { ...update.trigger, by } }]).split('\r\n', 2);
  expect(line).toMatch(/,"?'[=+\-@\t\r]/);
});
