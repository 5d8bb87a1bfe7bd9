/** Requests to addresses that users name: webhooks, vetoes, metrics. The one way there, because it is guarded. */

export interface OutboundRequest {
  /** For messages: `ask the veto "exams" of App shop/web`. */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** http or https. Only its host is ever told in messages: path and query may be a secret. */
  readonly url: string;
  /** Names in lower case. Another origin than that of `url` is sent none of them but `accept` and `content-type`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** PEM; trusted besides the public certificates. */
  readonly caBundle?: string | undefined;
  /** Another origin than that of `url` is connected to without it. */
  readonly tls?: OutboundTls | undefined;
  /** Of the answer's body; default 1 MiB. A longer one is an error, or cut where `cutsBody` is set. */
  readonly maxBytes?: number;
  readonly cutsBody?: boolean;
  /** From the first byte sent to the last one read, with all redirects; default 10 s. */
  readonly timeoutMs?: number;
  /** How many are followed; default 3. */
  readonly maxRedirects?: number;
}

/** What is special to the connection. */
export interface OutboundTls {
  /** PEM, both of them. */
  readonly client?: { readonly certificate: string; readonly key: string } | undefined;
  /** That the certificate must bear; the host of the URL when absent. */
  readonly serverName?: string | undefined;
  /** The oldest version that is good; 1.2 when absent. */
  readonly minVersion?: '1.2' | '1.3' | undefined;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Names in lower case; of several of one name all, joined by a comma and a space. */
  readonly headers: ReadonlyMap<string, string>;
  /** UTF-8; what is none is replaced. */
  readonly body: string;
  /** The same as it came. */
  readonly bytes: Buffer;
}

export interface Outbound {
  /**
   * Any status is an answer. A redirect with 307 or 308 keeps method and body; after another one a GET follows.
   *
   * @throws OUTBOUND_REFUSED for an address that must not be asked, at once or by a redirect; OUTBOUND_UNREACHABLE,
   * OUTBOUND_ANSWER_INVALID, SECRET_INVALID for a bundle without a certificate, or a client certificate without its key; the reason of
   * the signal
   */
  send(request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer>;
}
