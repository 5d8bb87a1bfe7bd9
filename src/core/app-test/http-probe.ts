/** A request to the App, and what its answer must be. */
import type { FieldPath } from '../field-path.ts';

export interface HttpProbe {
  readonly kind: 'Http';
  readonly target: HttpTarget;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Values may hold `{{fields}}`. */
  readonly headers: readonly HttpHeader[];
  readonly body: string | undefined;
  /** From the request to the last byte of its answer. */
  readonly timeoutMs: number;
  readonly expect: HttpExpectation;
}

export type HttpTarget =
  /** A Service of the App's namespace, reached through the API server, from inside and outside of the cluster alike. */
  | {
      readonly kind: 'Service';
      readonly name: string;
      /** Number or name. */
      readonly port: string;
      readonly scheme: 'http' | 'https';
      readonly path: string;
    }
  | {
      readonly kind: 'Url';
      readonly url: string;
      /** Secret of the App's namespace with `ca.crt`. */
      readonly caSecret: string | undefined;
      readonly tls: HttpTls;
    };

/** What is special to a connection by TLS. */
export interface HttpTls {
  /** Secret of the App's namespace with `tls.crt` and `tls.key`, by which the request says who asks. */
  readonly clientSecret: string | undefined;
  /** That the certificate must bear; undefined: the host of the address. */
  readonly serverName: string | undefined;
  /** The oldest version that is good; undefined: 1.2. */
  readonly minVersion: TlsVersion | undefined;
}

export const tlsVersions = ['1.2', '1.3'] as const;

export type TlsVersion = (typeof tlsVersions)[number];

export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

export interface HttpExpectation {
  /** Each one status (`204`) or a class (`2xx`). */
  readonly statuses: readonly string[];
  readonly headers: readonly { readonly name: string; readonly match: TextMatch }[];
  readonly body: readonly TextMatch[];
  readonly json: readonly { readonly path: FieldPath; readonly text: string; readonly match: ValueMatch }[];
  /** Undefined: as long as the request may take. */
  readonly maxDurationMs: number | undefined;
}

/** Texts may hold `{{fields}}`. */
export type TextMatch =
  | { readonly kind: 'Present' }
  | { readonly kind: 'Equals'; readonly text: string }
  | { readonly kind: 'Contains'; readonly text: string }
  /** RE2. @property matches anywhere in the text */
  | { readonly kind: 'Pattern'; readonly pattern: string; readonly matches: (text: string) => boolean };

export type ValueMatch =
  | TextMatch
  | { readonly kind: 'Between'; readonly min: number | undefined; readonly max: number | undefined };

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; several of one name are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** As much of it as was read. */
  readonly body: string;
  /** It was longer than was read. */
  readonly isCut: boolean;
  readonly durationMs: number;
}
