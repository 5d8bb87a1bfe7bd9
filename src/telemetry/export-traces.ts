/**
 * Sends traces to a collector by OTLP, where whoever runs Headgate has said by OTEL_* where to. The SDK is loaded only then: it costs what
 * nobody who does without it should pay.
 */
import { diag, trace } from '@opentelemetry/api';
import { describeError, OperationError } from '../core/errors.ts';
import type { Logger } from './log.ts';

export interface TraceExport {
  /** Sends what is still kept, and no more. */
  close(): Promise<void>;
}

export interface TraceExportOptions {
  /** OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT and _PROTOCOL decide; the exporter reads the rest itself. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of Headgate. */
  readonly version: string;
  readonly log: Logger;
}

const none: TraceExport = { close: () => Promise.resolve() };

/**
 * Starts to export, or does nothing when the environment does not ask for it.
 *
 * @throws CONFIG_INVALID naming the variable, when it asks for what there is not
 */
export async function openTraceExport({ env, version, log }: TraceExportOptions): Promise<TraceExport> {
  if (!isAskedFor(env)) {
    return none;
  }
  const [{ BatchSpanProcessor, TracerProvider }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const named = resources.resourceFromAttributes({ 'service.name': 'headgate', 'service.version': version });
  const detectors = [resources.resourceAttributesEnvDetector, resources.serviceNameEnvDetector];
  const resource = named.merge(resources.detectResources({ detectors }));
  const provider = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  // What cannot be sent is told there and nowhere else.
  const say = (message: string) => log.warn('traces were not exported', { error: message });
  const quiet = () => undefined;
  diag.setLogger({ error: say, warn: say, info: quiet, debug: quiet, verbose: quiet });
  trace.setGlobalTracerProvider(provider);
  log.info('exporting traces', { endpoint: endpointOf(env) });
  return {
    async close() {
      await provider.shutdown().catch((error: unknown) => say(describeError(error)));
      trace.disable();
      diag.disable();
    },
  };
}

/** The general variables of OpenTelemetry; those for traces go before. */
function isAskedFor(env: TraceExportOptions['env']): boolean {
  const exporter = env['OTEL_TRACES_EXPORTER'] ?? '';
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || exporter === 'none') {
    return false;
  }
  if (exporter !== '' && exporter !== 'otlp') {
    throw invalid('OTEL_TRACES_EXPORTER', exporter, 'otlp or none');
  }
  if (exporter === '' && endpointOf(env) === undefined) {
    return false;
  }
  const variable = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ? 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL' : protocolVariable;
  const protocol = env[variable] ?? '';
  if (protocol.startsWith('grpc')) {
    throw invalid(variable, protocol, 'http/json; collectors take it on the port of http, 4318 by default');
  }
  return true;
}

const protocolVariable = 'OTEL_EXPORTER_OTLP_PROTOCOL';

function endpointOf(env: TraceExportOptions['env']): string | undefined {
  return env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined;
}

function invalid(variable: string, value: string, wanted: string): OperationError {
  return new OperationError(`export traces: ${variable} is "${value.slice(0, 64)}"; wanted is ${wanted}`, {
    code: 'CONFIG_INVALID',
    retry: 'never',
    context: { variable },
  });
}
