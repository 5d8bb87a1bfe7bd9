import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import { createSealer } from './sealed.ts';

const sealer = createSealer(randomBytes(32));
const value = { name: 'ann', groups: ['x'] };

test('what was sealed comes back until its end, and does not show what is in it', () => {
  const text = sealer.seal('session', value, later(1_000));

  expect(sealer.open('session', text, later(999))).toEqual(value);
  expect(sealer.open('session', text, later(1_000))).toBeUndefined();
  expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('ann');
  expect(sealer.seal('session', value, later(1_000))).not.toBe(text);
});

test('every changed bit is noticed', () => {
  const bytes = Buffer.from(sealer.seal('session', value, later(1_000)), 'base64url');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(bytes.readUInt8(index) ^ 1, index);
    expect(sealer.open('session', changed.toString('base64url'), startOfTest)).toBeUndefined();
  }
});

test.each(['', 'x', 'no base64 ~~~', 'A'.repeat(100), '🦊'])('%j opens to nothing', (text) => {
  expect(sealer.open('session', text, startOfTest)).toBeUndefined();
});

test('another purpose and another secret open nothing', () => {
  const text = sealer.seal('session', value, later(1_000));

  expect(sealer.open('sign-in', text, startOfTest)).toBeUndefined();
  expect(createSealer(randomBytes(32)).open('session', text, startOfTest)).toBeUndefined();
});
