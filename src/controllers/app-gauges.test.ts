import { expect, test } from 'vitest';
import type { WaitingReason } from '../core/waiting.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { AppGauges } from './app-gauges.ts';

const metadata = { namespace: 'demo', name: 'web', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const spec: AppObjectWire['spec'] = { sources: [], deploy: {} };

function app(reason: WaitingReason): AppObjectWire {
  return { metadata, spec, status: { waiting: { reason, message: 'is so' } } };
}

test('each App has the one reason that it waits for now, and none when it is gone', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const gauges = new AppGauges(metrics);
  const told = async () => (await metrics.registry.metrics()).split('\n').filter((line) => /^headgate_app_/.test(line));

  gauges.tell(app('UpdateInProgress'), new Date('2026-01-01T00:05:00Z'));
  gauges.tell(app('UpToDate'), new Date('2026-01-01T00:10:00Z'));
  gauges.tell(app('UpToDate'), new Date('2026-01-01T00:15:00Z'));
  expect(await told()).toEqual([
    'headgate_app_waiting{namespace="demo",app="web",reason="UpToDate"} 1',
    expect.stringMatching(/next_check.*\{namespace="demo",app="web"\} 1767226500$/),
  ]);

  gauges.tell(app('Suspended'), undefined);
  expect(await told()).toEqual(['headgate_app_waiting{namespace="demo",app="web",reason="Suspended"} 1']);
  gauges.forget('demo/web', metadata);
  expect(await told()).toEqual([]);
});
