import { expect, test } from 'vitest';
import { journal, later, startOfTest } from '../../../test/fixtures.ts';
import type { Journal } from '../update/journal.ts';
import * as transitions from '../update/transitions.ts';
import { noticesOf } from './notices-of.ts';

const update = {
  ...{
    uid: 'uid',
    namespace: 'demo',
    app: 'web',
    name: 'web-1',
    versions: 'web 1.0.0 -> 1.1.0',
    releaseNotes: undefined,
  },
};
const opened = transitions.openJournal(startOfTest);
const watching = journal({});
const crash = { reason: 'CrashLoop', message: 'crashes', blamesVersion: true } as const;
const condemned = transitions.condemned(watching, crash, later(1_000));

test.each<readonly [string, Journal, readonly string[]]>([
  ['nothing done yet', opened, []],
  [
    'a person is asked',
    transitions.waitingFor(opened, { reason: 'ApprovalRequired', message: 'two people' }),
    ['uid/Waiting/ApprovalRequired Warning: ApprovalRequired: two people'],
  ],
  ['a window is waited for', transitions.waitingFor(opened, { reason: 'Window', message: 'night' }), []],
  ['watched', watching, ['uid/Started Info: the new version is being put in place']],
  [
    'good',
    transitions.finished(watching, 'Succeeded', 'healthy for 30s', later(2_000)),
    ['uid/Started Info: the new version is being put in place', 'uid/Succeeded Success: healthy for 30s'],
  ],
  [
    'gone back',
    transitions.finished(transitions.restored(condemned, later(2_000)), 'RolledBack', 'crashes', later(3_000)),
    [
      'uid/Started Info: the new version is being put in place',
      'uid/RollingBack Warning: CrashLoop: crashes',
      'uid/RolledBack Error: crashes',
    ],
  ],
  ['cancelled', transitions.finished(opened, 'Cancelled', 'newer', later(1)), ['uid/Cancelled Info: newer']],
])('%s', (_, state, expected) => {
  expect(noticesOf(update, state).map(({ id, level, message }) => `${id} ${level}: ${message}`)).toEqual(expected);
});
