import { describe, expect, test } from 'vitest';
import { digest, later, startOfTest, versionChange } from '../../../test/fixtures.ts';
import { findHold, type PastUpdate } from './hold.ts';

const minute = 60_000;
const change = versionChange();
const other = versionChange({ to: { tag: '1.2.0', digest: digest('2') } });
const second = versionChange({ source: 'worker' });

describe('findHold', () => {
  test.each<[string, readonly PastUpdate[], number | undefined]>([
    ['no Update yet', [], undefined],
    ['one that succeeded', [past({ phase: 'Succeeded' })], undefined],
    ['one that went back: the Rejection holds it', [past({ phase: 'RolledBack' })], undefined],
    ['one that is open', [past({ phase: 'Watching', finishedAt: undefined })], undefined],
    ['one failure', failures(1), 10],
    ['two failures', failures(2), 20],
    ['three failures', failures(3), 40],
    ['eight failures', failures(8), 1_280],
    ['nine failures: a day at most', failures(9), 1_440],
    ['two thousand failures', failures(2_000), 1_440],
    ['a failure after one that succeeded', [past({}), past({ phase: 'Succeeded' }), past({})], 10],
    ['a failure of another version', [past({ changes: [other] })], undefined],
    ['a failure after one of another version', [past({}), past({ changes: [other] }), past({})], 10],
    ['a failure of more sources than this', [past({ changes: [change, second] })], undefined],
    ['a failure of another source', [past({ changes: [second] })], undefined],
  ])('%s', (_, updates, minutes) => {
    const hold = findHold(updates, [change], startOfTest);

    expect(hold?.until).toEqual(minutes === undefined ? undefined : later(minutes * minute));
  });

  test('the order of the sources does not matter', () => {
    expect(findHold([past({ changes: [second, change] })], [change, second], startOfTest)).toBeDefined();
  });

  test.each([
    [10 * minute - 1, true],
    [10 * minute, false],
  ])('%i ms after one failure: held %s', (sinceMs, isHeld) => {
    expect(findHold(failures(1), [change], later(sinceMs)) !== undefined).toBe(isHeld);
  });

  test('says which Update failed and why', () => {
    expect(findHold(failures(1), [change], startOfTest)?.message).toBe(
      'Update web-1 to the same version failed: changed by somebody else',
    );
  });
});

function failures(count: number): PastUpdate[] {
  return Array.from({ length: count }, () => past({}));
}

function past(fields: Partial<PastUpdate>): PastUpdate {
  return {
    name: 'web-1',
    phase: 'Failed',
    changes: [change],
    finishedAt: startOfTest,
    message: 'changed by somebody else',
    ...fields,
  };
}
