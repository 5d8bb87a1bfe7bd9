import { describe, expect, test } from 'vitest';
import { parseGateSettings } from './gate-settings.ts';

const nothing = { windows: [], maxUpdates: undefined, maxUpdatesPerNamespace: undefined };

test('windows are written as in an App, and numbers as numbers', () => {
  const settings = parseGateSettings({
    windows: [
      '{kind: Allow, cron: "0 2 * * *", duration: 2h}',
      '{"kind":"Deny","rrule":"FREQ=WEEKLY;BYDAY=SA","duration":"48h"}',
    ],
    maxUpdates: '3',
    maxUpdatesPerNamespace: '1',
  });

  expect(settings).toMatchObject({
    windows: [
      { kind: 'Allow', text: '0 2 * * * for 2h' },
      { kind: 'Deny', text: 'FREQ=WEEKLY;BYDAY=SA for 48h' },
    ],
    maxUpdates: 3,
    maxUpdatesPerNamespace: 1,
  });
});

describe('is refused', () => {
  test.each([
    [{ windows: ['nightly'] }, '--window: "nightly"'],
    [{ windows: ['{kind: Allow, cron: "x", duration: 2h}'] }, '--window[0].cron: "x"'],
    [{ windows: ['{kind: Sometimes, cron: "@daily", duration: 2h}'] }, 'kind'],
    [{ windows: ['{kind: Allow'] }, '--window: "{kind: Allow"'],
    [{ maxUpdates: '0' }, '--max-updates: "0" is no whole number from 1'],
    [{ maxUpdatesPerNamespace: 'few' }, '--max-updates-per-namespace: "few"'],
  ])('%j: %s', (settings, message) => {
    expect(() => parseGateSettings({ ...nothing, ...settings })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
    );
  });
});
