/** What went wrong with a request that brought no answer, in words that name the host and nothing else of the address. */
import { STATUS_CODES } from 'node:http';

export interface Failure {
  /** `Foreign`: something answers that does not speak HTTP. */
  readonly kind: 'Unreachable' | 'Foreign';
  readonly line: string;
}

/** Whether the error says something of the whole host: no connection came about. */
export function isHostUnreachable(error: unknown): boolean {
  const code = codeOf(error);
  return code in failuresByCode || code === 'UND_ERR_CONNECT_TIMEOUT';
}

export interface Wording {
  /** What an error that tells of time was measured against. */
  readonly timeoutMs: number;
  /** How to ask for plain http: `set insecure`. */
  readonly plain: string;
}

export function describeFailure(url: URL, error: unknown, { timeoutMs, plain }: Wording): Failure {
  const code = codeOf(error);
  const known = failuresByCode[code];
  if (known !== undefined) {
    return { kind: 'Unreachable', line: `host ${url.hostname} ${known}` };
  }
  if (error instanceof Error && (error.name === 'TimeoutError' || code.endsWith('_TIMEOUT'))) {
    return { kind: 'Unreachable', line: `${url.host} gave no whole answer within ${timeoutMs / 1_000} s` };
  }
  if (error instanceof Error && (error.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW')) {
    return { kind: 'Foreign', line: `${url.host} does not speak HTTP (${code || error.name})` };
  }
  const tls = tlsFailures.find(([pattern]) => pattern.test(code));
  if (tls !== undefined) {
    return { kind: 'Unreachable', line: `${tls[1](url.host)} (${reasonOf(error) ?? code})` };
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return { kind: 'Unreachable', line: `${url.host} does not speak TLS; if plain http is meant, ${plain} (${code})` };
  }
  return { kind: 'Unreachable', line: describeBreak(url, error, code) };
}

/** `404 Not Found` */
export function describeStatus(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? 'unknown status'}`;
}

function describeBreak({ host }: URL, error: unknown, code: string): string {
  // undici has no other way to say it.
  const [, proxyStatus] = /^Proxy response \(([0-9]{3})\)/.exec(error instanceof Error ? error.message : '') ?? [];
  return proxyStatus === undefined
    ? `${host} broke off (${code || 'no code'})`
    : `the proxy does not connect to ${host} (${describeStatus(Number(proxyStatus))})`;
}

/** In this order: an alert is what the other side says of us, and names certificates too. */
const tlsFailures: readonly (readonly [RegExp, (host: string) => string])[] = [
  [/ALERT_CERTIFICATE_REQUIRED/, (host) => `${host} asks for a client certificate, and was given none`],
  [/ALERT_.*(CERTIFICATE|UNKNOWN_CA)/, (host) => `${host} does not take the client certificate`],
  [/ALERT_HANDSHAKE_FAILURE/, (host) => `${host} ends the TLS handshake; it may ask for a client certificate`],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, (host) => `${host} speaks no version of TLS that is good enough`],
  [/^CERT_HAS_EXPIRED$/, (host) => `the certificate of ${host} has expired`],
  [/^CERT_NOT_YET_VALID$/, (host) => `the certificate of ${host} is not valid yet`],
  [/ALTNAME/, (host) => `the certificate of ${host} is for another name`],
  [/CERT|SIGNATURE/, (host) => `the certificate of ${host} is not trusted; give the CA bundle that signed it`],
];

/** Which names a certificate has, as node says it. */
function reasonOf(error: unknown): string | undefined {
  return error instanceof Error && 'reason' in error && 'host' in error && typeof error.reason === 'string'
    ? error.reason.slice(0, 256)
    : undefined;
}

const failuresByCode: Readonly<Record<string, string>> = {
  ENOTFOUND: 'does not resolve',
  EAI_AGAIN: 'does not resolve (EAI_AGAIN: the name server gave no answer)',
  ECONNREFUSED: 'refuses the connection',
  EHOSTUNREACH: 'is not reachable (EHOSTUNREACH)',
  ENETUNREACH: 'is not reachable (ENETUNREACH)',
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
