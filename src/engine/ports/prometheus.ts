/** Questions to a Prometheus (or what speaks its HTTP API: Thanos, Mimir, VictoriaMetrics). */
import type { OutboundLogin } from '../../core/outbound/login.ts';

/** Where it is and how it lets us in. */
export interface PrometheusPlace {
  /** Base address without `/api/v1`; http or https. */
  readonly url: string;
  readonly login?: OutboundLogin | undefined;
  /** PEM. */
  readonly caBundle?: string | undefined;
}

export interface RangeOf {
  readonly start: Date;
  readonly end: Date;
  readonly stepMs: number;
}

/** One number with the labels it belongs to; labels are empty for a scalar. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: SampleValue;
}

/** What a rule can be held against; a number that is none says nothing, and nobody may take it for good news. */
export type SampleValue =
  | { readonly kind: 'Number'; readonly value: number }
  | { readonly kind: 'NotANumber' }
  | { readonly kind: 'Infinite'; readonly sign: 1 | -1 };

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** In order of time. */
  readonly points: readonly { readonly at: Date; readonly value: SampleValue }[];
}

export type InstantAnswer =
  | { readonly kind: 'Samples'; readonly samples: readonly Sample[] }
  /** The query matches nothing. */
  | { readonly kind: 'Empty' }
  /** More series than anybody can judge; the query lacks an aggregation. @property count at least so many */
  | { readonly kind: 'TooMany'; readonly count: number; readonly limit: number }
  /** Prometheus refuses the query, in its own words. */
  | { readonly kind: 'Refused'; readonly because: string };

export type RangeAnswer =
  | { readonly kind: 'Series'; readonly series: readonly Series[] }
  | Exclude<InstantAnswer, { readonly kind: 'Samples' }>;

export interface Prometheus {
  /**
   * `GET /api/v1/query`. A vector or a scalar; anything else is Refused.
   *
   * @param at undefined: now, by the clock of Prometheus
   * @throws OUTBOUND_REFUSED, OUTBOUND_UNREACHABLE (also 5xx and 429), OUTBOUND_ANSWER_INVALID, SECRET_INVALID
   */
  query(place: PrometheusPlace, query: string, at: Date | undefined, signal: AbortSignal): Promise<InstantAnswer>;
  /** `GET /api/v1/query_range`. @throws as `query` */
  queryRange(place: PrometheusPlace, query: string, range: RangeOf, signal: AbortSignal): Promise<RangeAnswer>;
}
