/** Fulfils the engine's Prometheus over the guarded way out. Answers are bounded in bytes, time, series and points. */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { OperationError } from '../../core/errors.ts';
import { authorizationOf } from '../../core/outbound/login.ts';
import type { Outbound, OutboundAnswer } from '../../engine/ports/outbound.ts';
import type {
  InstantAnswer,
  Prometheus,
  PrometheusPlace,
  RangeAnswer,
  SampleValue,
} from '../../engine/ports/prometheus.ts';

/** More series are no answer to a yes-or-no question. */
const maxSeries = 1_000;
/** Some hundred bytes for each series with its labels, and room for points. */
const maxAnswerBytes = 4_194_304;
const timeoutMs = 15_000;
const longestShown = 300;

const Point = Type.Tuple([Type.Number(), Type.String({ maxLength: 64 })]);
const Labels = Type.Record(Type.String(), Type.String());
const Succeeded = Compile(
  Type.Object({
    status: Type.Literal('success'),
    data: Type.Union([
      Type.Object({ resultType: Type.Enum(['scalar', 'string']), result: Point }),
      Type.Object({
        resultType: Type.Literal('vector'),
        result: Type.Array(Type.Object({ metric: Labels, value: Type.Optional(Point) })),
      }),
      Type.Object({
        resultType: Type.Literal('matrix'),
        result: Type.Array(Type.Object({ metric: Labels, values: Type.Optional(Type.Array(Point)) })),
      }),
    ]),
  }),
);
const Failed = Compile(Type.Object({ status: Type.Literal('error'), errorType: Type.String(), error: Type.String() }));

type Data = Static<typeof Succeeded extends { Type(): infer S } ? S : never> extends { data: infer D } ? D : never;

interface Question {
  readonly place: PrometheusPlace;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function createPrometheusClient(outbound: Outbound): Prometheus {
  return {
    async query(place, query, at, signal) {
      const time = at === undefined ? {} : { time: secondsOf(at) };
      const answer = await ask(outbound, { place, path: '/api/v1/query', parameters: { query, ...time } }, signal);
      return 'kind' in answer ? answer : instantOf(answer);
    },
    async queryRange(place, query, { start, end, stepMs }, signal) {
      const parameters = { query, start: secondsOf(start), end: secondsOf(end), step: String(stepMs / 1_000) };
      const answer = await ask(outbound, { place, path: '/api/v1/query_range', parameters }, signal);
      return 'kind' in answer ? answer : rangeOf(answer);
    },
  };
}

type Refusal = Extract<InstantAnswer, { readonly kind: 'Refused' | 'TooMany' }>;

async function ask(outbound: Outbound, { place, path, parameters }: Question, signal: AbortSignal) {
  const what = `ask Prometheus at ${hostOf(place.url)}`;
  const answer = await outbound.send(
    {
      what,
      method: 'GET',
      // The limit is one of Prometheus 2.51 and newer; others ignore it.
      url: addressOf(place.url, path, { ...parameters, limit: String(maxSeries + 1) }),
      headers: { accept: 'application/json', ...authorizationOf(place.login) },
      caBundle: place.caBundle,
      maxBytes: maxAnswerBytes,
      timeoutMs,
      cutsBody: true,
    },
    signal,
  );
  return read(what, answer);
}

function read(what: string, { status, body }: OutboundAnswer): Data | Refusal {
  if (status === 401 || status === 403) {
    throw invalid(what, `${status}; the Secret of its login does not open it`);
  }
  if (status === 429 || status >= 500) {
    throw new OperationError(`${what}: ${status} ${shown(body)}`, { code: 'OUTBOUND_UNREACHABLE', retry: 'backoff' });
  }
  if (Buffer.byteLength(body) >= maxAnswerBytes) {
    return { kind: 'TooMany', count: maxSeries + 1, limit: maxSeries };
  }
  const parsed = parse(body);
  if (Failed.Check(parsed)) {
    return { kind: 'Refused', because: `${parsed.errorType}: ${shown(parsed.error)}` };
  }
  if (!Succeeded.Check(parsed)) {
    throw invalid(what, `${status}, and the answer is none of Prometheus`);
  }
  const { data } = parsed;
  const count = data.resultType === 'vector' || data.resultType === 'matrix' ? data.result.length : 1;
  return count > maxSeries ? { kind: 'TooMany', count, limit: maxSeries } : data;
}

function instantOf(data: Data): InstantAnswer {
  if (data.resultType === 'scalar') {
    return { kind: 'Samples', samples: [{ labels: {}, value: sampleOf(data.result[1]) }] };
  }
  if (data.resultType !== 'vector') {
    return { kind: 'Refused', because: `the query gives a ${data.resultType}; a vector or a scalar is needed` };
  }
  const samples = data.result.map(({ metric, value }) => ({
    labels: metric,
    // Native histograms have no value of their own.
    value: value === undefined ? ({ kind: 'NotANumber' } as const) : sampleOf(value[1]),
  }));
  return samples.length === 0 ? { kind: 'Empty' } : { kind: 'Samples', samples };
}

function rangeOf(data: Data): RangeAnswer {
  if (data.resultType !== 'matrix') {
    return { kind: 'Refused', because: `the query gives a ${data.resultType} over a range` };
  }
  const series = data.result.map(({ metric, values = [] }) => ({
    labels: metric,
    points: values.map(([seconds, text]) => ({ at: new Date(seconds * 1_000), value: sampleOf(text) })),
  }));
  return series.length === 0 ? { kind: 'Empty' } : { kind: 'Series', series };
}

function sampleOf(text: string): SampleValue {
  if (text === '+Inf' || text === '-Inf' || text === 'Inf') {
    return { kind: 'Infinite', sign: text === '-Inf' ? -1 : 1 };
  }
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? { kind: 'Number', value } : { kind: 'NotANumber' };
}

/** Base addresses may have a path of their own, as behind a gateway. */
function addressOf(base: string, path: string, parameters: Readonly<Record<string, string>>): string {
  const url = URL.parse(base);
  if (url === null) {
    return base;
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  url.search = new URLSearchParams(parameters).toString();
  return url.href;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'an address that is none';
}

function secondsOf(time: Date): string {
  return String(time.getTime() / 1_000);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shown(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, ' ').slice(0, longestShown);
}

function invalid(what: string, found: string): OperationError {
  return new OperationError(`${what}: ${found}`, { code: 'OUTBOUND_ANSWER_INVALID', retry: 'backoff' });
}
