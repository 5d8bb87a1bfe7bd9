import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { traceUpdate } from './trace-update.ts';

interface Recorded {
  readonly name: string;
  readonly parent: string | undefined;
  readonly start: unknown;
  end?: unknown;
  status?: unknown;
}

/** The least that an SDK is: it keeps what it is told. */
class RecordingProvider implements TracerProvider {
  readonly spans: Recorded[] = [];

  getTracer() {
    const start = (name: string, options: SpanOptions = {}, within: Context = ROOT_CONTEXT): Span => {
      const parent = options.root === true ? undefined : trace.getSpan(within)?.spanContext().spanId;
      const recorded: Recorded = { name, parent, start: options.startTime };
      this.spans.push(recorded);
      const none = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: name, traceFlags: 1 });
      return Object.assign(none, {
        setStatus(status: unknown) {
          recorded.status = status;
          return none;
        },
        end(at: unknown) {
          recorded.end = at;
        },
      });
    };
    const startActiveSpan = (): never => {
      throw new Error('nothing is active: an Update is told when it has ended');
    };
    return { startSpan: start, startActiveSpan };
  }
}

afterEach(() => trace.disable());

const at = (second: number) => new Date(Date.UTC(2026, 4, 4, 12, 0, second));
const update = {
  ...{ namespace: 'demo', app: 'web', update: 'web-1', phase: 'RolledBack', startedAt: at(0), finishedAt: at(9) },
  failure: 'crashes',
  steps: [
    { name: 'Apply', startedAt: at(0), finishedAt: at(1), result: 'Done' },
    { name: 'Watch', startedAt: at(1), finishedAt: at(5), result: 'Failed', message: 'crashes' },
    { name: 'RollBack', startedAt: at(5) },
  ],
};

test('an Update is one trace with a span for each step, at the times of its journal', () => {
  const provider = new RecordingProvider();
  trace.setGlobalTracerProvider(provider);

  traceUpdate(update);

  const bad = { code: 2, message: 'crashes' };
  expect(provider.spans).toEqual([
    { name: 'update web', parent: undefined, start: at(0), end: at(9), status: bad },
    { name: 'Apply', parent: 'update web', start: at(0), end: at(1) },
    { name: 'Watch', parent: 'update web', start: at(1), end: at(5), status: bad },
    { name: 'RollBack', parent: 'update web', start: at(5), end: at(9) },
  ]);
});

test('without an SDK nothing happens', () => {
  expect(() => traceUpdate(update)).not.toThrow();
});
