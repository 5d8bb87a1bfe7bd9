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
  if (/CERT|SIGNATURE|ALTNAME/.test(code)) {
    const line = `the certificate of ${url.host} is not trusted (${code}); give the CA bundle that signed it`;
    return { kind: 'Unreachable', line };
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
