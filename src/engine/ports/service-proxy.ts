/** Requests to Services of the cluster by way of the API server, which works from inside and outside of the cluster alike. */

export interface ServiceRequest {
  readonly namespace: string;
  readonly service: string;
  /** Number or name. */
  readonly port: string;
  readonly scheme: 'http' | 'https';
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** With its query; begins with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  /** Of the answer's body; the rest is cut. */
  readonly maxBytes: number;
}

export type ServiceAnswer =
  | ServiceResponse
  /** The Service has no pod that is ready, or its pod does not answer in time. */
  | { readonly kind: 'Silence'; readonly message: string };

export interface ServiceResponse {
  readonly kind: 'Response';
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isCut: boolean;
}

export interface ServiceProxy {
  /**
   * Redirects are answers and not followed.
   *
   * @throws API_NOT_FOUND when there is no such Service, API_FORBIDDEN without the right `services/proxy`, API_UNAVAILABLE when
   *   the API server itself is away
   */
  send(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer>;
}
