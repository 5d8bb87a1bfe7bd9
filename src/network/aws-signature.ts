/** Signatures of requests to AWS (Signature Version 4, "Create a signed AWS API request" in the IAM User Guide). */
import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken: string | undefined;
}

export interface AwsRequest {
  readonly method: string;
  readonly host: string;
  /** As it stands in the request line. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
  readonly now: Date;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** The headers of the request with `host`, `x-amz-date`, `x-amz-security-token` where there is one, and `authorization`. */
export function signAwsRequest(
  request: AwsRequest,
  credentials: AwsCredentials,
  { region, service, now }: SigningScope,
): Readonly<Record<string, string>> {
  const time = now.toISOString().replace(/[-:]|\.[0-9]{3}/g, '');
  const date = time.slice(0, 8);
  const { sessionToken } = credentials;
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).toSorted();
  const scope = `${date}/${region}/${service}/aws4_request`;
  const canonical = [
    request.method,
    encode(request.path).replaceAll('%2F', '/'),
    canonicalQuery(request.query),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    hashOfBody(request.body),
  ].join('\n');
  const text = [algorithm, time, scope, hashOfBody(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const { accessKeyId } = credentials;
  const authorization = `${algorithm} Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return pairs.toSorted().join('&');
}

/** RFC 3986: everything but the unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Hex; S3 wants it of the body in `x-amz-content-sha256` too. */
export function hashOfBody(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
