/**
 * An Update that has ended as one trace of OpenTelemetry. Made from its journal at the end, because an Update outlives processes and a span
 * does not. Without an SDK, which whoever runs Headgate loads, the API does nothing.
 */
import { context, SpanStatusCode, trace } from '@opentelemetry/api';

export interface TracedUpdate {
  readonly namespace: string;
  readonly app: string;
  readonly update: string;
  readonly phase: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** Why it went back or ended badly. */
  readonly failure: string | undefined;
  readonly steps: readonly {
    readonly name: string;
    readonly startedAt: Date;
    readonly finishedAt?: Date;
    readonly result?: string;
    readonly message?: string;
  }[];
}

export function traceUpdate(update: TracedUpdate): void {
  const tracer = trace.getTracer('headgate');
  const { namespace, app, phase, startedAt, finishedAt, failure } = update;
  const attributes = {
    'headgate.namespace': namespace,
    'headgate.app': app,
    'headgate.update': update.update,
    'headgate.phase': phase,
  };
  const whole = tracer.startSpan(`update ${app}`, { root: true, startTime: startedAt, attributes });
  const within = trace.setSpan(context.active(), whole);
  for (const { name, startedAt: startTime, finishedAt: end, result, message } of update.steps) {
    const step = tracer.startSpan(name, { startTime, attributes: { 'headgate.result': result ?? '' } }, within);
    if (result === 'Failed') {
      step.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
    }
    step.end(end ?? finishedAt);
  }
  if (failure !== undefined) {
    whole.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  }
  whole.end(finishedAt);
}
