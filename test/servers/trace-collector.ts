/** A collector of OpenTelemetry's protocol (OTLP over http, as JSON) that keeps the spans that it is sent. */
import { bodyOf, sendJson, startHttpServer, type TestServer } from './http-server.ts';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** Name of the parent; undefined for the root of a trace. */
  readonly parent: string | undefined;
  readonly start: Date;
  readonly end: Date;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of what sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** Why it failed. */
  readonly error: string | undefined;
}

export interface TraceCollector extends Pick<TestServer, 'origin' | 'requests' | 'stop'> {
  /** In the order in which they came. */
  readonly spans: readonly CollectedSpan[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/** ExportTraceServiceRequest of opentelemetry-proto, as far as it is looked at. */
interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

const errorCode = 2;

export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const server = await startHttpServer(async (request, response, url) => {
    if (request.method !== 'POST' || url.pathname !== '/v1/traces') {
      response.writeHead(404).end();
      return;
    }
    spans.push(...read(JSON.parse(await bodyOf(request)) as WireRequest));
    sendJson(response, {});
  });
  return { origin: server.origin, requests: server.requests, stop: () => server.stop(), spans };
}

function read({ resourceSpans }: WireRequest): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const all = scopeSpans.flatMap((scope) => scope.spans);
    return all.map((span) => ({
      traceId: span.traceId,
      spanId: span.spanId,
      name: span.name,
      parent: all.find(({ spanId }) => spanId === span.parentSpanId)?.name,
      start: timeOf(span.startTimeUnixNano),
      end: timeOf(span.endTimeUnixNano),
      attributes: valuesOf(span.attributes),
      resource: valuesOf(resource.attributes),
      error: span.status.code === errorCode ? (span.status.message ?? '') : undefined,
    }));
  });
}

function timeOf(nanoseconds: string): Date {
  return new Date(Number(BigInt(nanoseconds) / 1_000_000n));
}

function valuesOf(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
