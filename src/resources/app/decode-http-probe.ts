/** A request to the App: wire form -> what the product works with. */
import type {
  HttpExpectation,
  HttpProbe,
  HttpTarget,
  HttpTls,
  TextMatch,
  ValueMatch,
} from '../../core/app-test/http-probe.ts';
import { isTestField, knownTestFields } from '../../core/app-test/test-fields.ts';
import { parseDuration } from '../../core/duration.ts';
import { parseFieldPath } from '../../core/field-path.ts';
import { compilePattern } from '../../core/policy/pattern.ts';
import { checkTemplate } from '../../core/template.ts';
import { invalidObject } from '../decode.ts';
import type { HttpTestWire } from './app-tests.ts';

/** @throws OBJECT_INVALID, POLICY_INVALID for a pattern that RE2 refuses */
export function decodeHttpProbe(http: HttpTestWire, field: string): HttpProbe {
  const headers = (http.headers ?? []).map((header, index) => ({
    name: header.name.toLowerCase(),
    value: template(header.value, `${field}.headers[${index}].value`),
  }));
  for (const [index, { name }] of headers.entries()) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || isForbidden(name)) {
      throw invalidObject(`${field}.headers[${index}].name`, [`"${name}" cannot be sent; remove it`]);
    }
  }
  return {
    kind: 'Http',
    target: decodeTarget(http, field),
    method: http.method ?? 'GET',
    headers,
    body: http.body === undefined ? undefined : template(http.body, `${field}.body`),
    timeoutMs: parseDuration(http.attemptTimeout ?? '10s', `${field}.attemptTimeout`),
    expect: decodeExpectation(http.expect ?? {}, `${field}.expect`),
  };
}

/** What the connection itself sets, and what would make us somebody else at the API server. */
const forbiddenHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
  'upgrade',
]);

function isForbidden(name: string): boolean {
  return forbiddenHeaders.has(name) || name.startsWith('impersonate-') || name.startsWith('x-remote-');
}

function decodeTarget({ service, url, path, caSecretRef, tls }: HttpTestWire, field: string): HttpTarget {
  if ((service === undefined) === (url === undefined)) {
    throw invalidObject(field, ['exactly one of service and url must be set']);
  }
  if (url !== undefined) {
    if (path !== undefined) {
      throw invalidObject(`${field}.path`, ['goes with service; write it into url']);
    }
    if (tls !== undefined && !url.startsWith('https:')) {
      throw invalidObject(`${field}.tls`, ['goes with an https url']);
    }
    const caSecret = caSecretRef?.name;
    return { kind: 'Url', url: template(url, `${field}.url`), caSecret, tls: decodeTls(tls ?? {}, `${field}.tls`) };
  }
  if (caSecretRef !== undefined) {
    throw invalidObject(`${field}.caSecretRef`, ['goes with url; the API server does not check what pods show it']);
  }
  if (tls !== undefined) {
    throw invalidObject(`${field}.tls`, ['goes with url; to a Service it is the API server that connects']);
  }
  const { name = '', port = '80', scheme = 'http' } = service ?? {};
  return { kind: 'Service', name, port, scheme, path: decodePath(path ?? '/', `${field}.path`) };
}

function decodeTls(tls: NonNullable<HttpTestWire['tls']>, field: string): HttpTls {
  const { clientSecretRef, serverName, minVersion } = tls;
  // A server is asked for by a DNS name alone (RFC 6066, section 3).
  if (serverName !== undefined && /^[\d.]+$/.test(serverName)) {
    throw invalidObject(`${field}.serverName`, [`"${serverName}" is an address; write a DNS name`]);
  }
  return { clientSecret: clientSecretRef?.name, serverName, minVersion };
}

/** A path that climbs would leave the Service for the rest of the API. */
function decodePath(path: string, field: string): string {
  const text = template(path, field);
  const url = URL.parse(`http://service${text}`);
  const climbs = text.startsWith('//') || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$|\?)/i.test(text) || /[\\#\s]/.test(text);
  if (url === null || url.host !== 'service' || climbs) {
    throw invalidObject(field, [`"${text}" is no plain path; write for example /healthz?full=1`]);
  }
  return text;
}

function decodeExpectation(expect: NonNullable<HttpTestWire['expect']>, field: string): HttpExpectation {
  const { maxDuration } = expect;
  return {
    statuses: expect.status ?? ['2xx'],
    headers: (expect.headers ?? []).map((header, index) => ({
      name: header.name,
      match: decodeMatch(header, `${field}.headers[${index}]`) ?? { kind: 'Present' },
    })),
    body: (expect.body ?? []).map((body, index) => {
      const match = decodeMatch(body, `${field}.body[${index}]`);
      if (match === undefined) {
        throw invalidObject(`${field}.body[${index}]`, ['one of equals, contains and pattern must be set']);
      }
      return match;
    }),
    json: (expect.json ?? []).map((one, index) => decodeJson(one, `${field}.json[${index}]`)),
    maxDurationMs: maxDuration === undefined ? undefined : parseDuration(maxDuration, `${field}.maxDuration`),
  };
}

type JsonWire = NonNullable<NonNullable<HttpTestWire['expect']>['json']>[number];

function decodeJson(json: JsonWire, field: string): HttpExpectation['json'][number] {
  const parsed = parseFieldPath(json.path);
  if (parsed.kind === 'Invalid') {
    throw invalidObject(`${field}.path`, [parsed.reason]);
  }
  return { path: parsed.path, text: json.path, match: decodeValueMatch(json, field) };
}

function decodeValueMatch(json: JsonWire, field: string): ValueMatch {
  const { min, max } = json;
  const text = decodeMatch(json, field);
  if (min === undefined && max === undefined) {
    return text ?? { kind: 'Present' };
  }
  if (text !== undefined) {
    throw invalidObject(field, ['min and max cannot stand beside equals, contains and pattern']);
  }
  return { kind: 'Between', min, max };
}

interface MatchWire {
  readonly equals?: string | undefined;
  readonly contains?: string | undefined;
  readonly pattern?: string | undefined;
}

/** Undefined: nothing is said of the text. */
function decodeMatch({ equals, contains, pattern }: MatchWire, field: string): TextMatch | undefined {
  const given = [equals, contains, pattern].filter((one) => one !== undefined);
  if (given.length > 1) {
    throw invalidObject(field, ['only one of equals, contains and pattern can be set']);
  }
  if (equals !== undefined) {
    return { kind: 'Equals', text: template(equals, `${field}.equals`) };
  }
  if (contains !== undefined) {
    return { kind: 'Contains', text: template(contains, `${field}.contains`) };
  }
  return pattern === undefined
    ? undefined
    : { kind: 'Pattern', pattern, matches: compilePattern(pattern, `${field}.pattern`).isIn };
}

function template(text: string, field: string): string {
  checkTemplate(text, field, { isKnown: isTestField, known: knownTestFields });
  return text;
}
