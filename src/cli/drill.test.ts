import { expect, test } from 'vitest';
import { startOfTest } from '../../test/fixtures.ts';
import type { DrillStatusWire } from '../resources/checkpoint/drill.ts';
import { seenOf } from './drill.ts';

const at = startOfTest.toISOString();
const drill = (fields: Partial<DrillStatusWire>): DrillStatusWire => ({
  ...{ step: 'Test', namespace: 'n', by: 'ada', startedAt: at, until: at, ...fields },
});

test.each<[string, DrillStatusWire | undefined, string]>([
  ['none was made', undefined, 'Asked'],
  ['another has ended', drill({ step: 'Ended', request: 'other' }), 'Asked'],
  ['another is under way', drill({ request: 'other' }), 'Behind'],
  ['its own is under way', drill({ request: 'own' }), 'Taken'],
  ['its own has ended', drill({ step: 'Ended', request: 'own' }), 'Ended'],
  ['one of the schedule is under way after it', drill({ request: 'own', by: 'its schedule' }), 'Missed'],
  ['one of the schedule has ended', drill({ step: 'Ended', request: 'own', by: 'its schedule' }), 'Missed'],
  ['one of the schedule is under way before it', drill({ request: 'other', by: 'its schedule' }), 'Behind'],
])('%s', (_, status, kind) => {
  expect(seenOf(status, 'own').kind).toBe(kind);
});
