import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { createAuthority } from '../cluster/certificates.ts';
import { sendJson, startHttpServer, type TestServer } from './http-server.ts';

export interface TokenServerOptions {
  /** Who may pull closed repositories. Others get a token for the repositories that begin with `public/`. */
  readonly user: { readonly username: string; readonly password: string };
  /** What the answer says; default 300. */
  readonly expiresInSeconds?: number;
  /** What the signed token says, which is what the registry goes by; default the same. */
  readonly validForSeconds?: number;
}

export interface TokenServer extends TestServer {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM. */
  readonly authority: string;
}

const service = 'registry.test';
const issuer = 'token server of the tests';

/** A token server as docker's registry wants it (distribution spec "Token Authentication Specification"); plain http. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const authority = createAuthority('tokens');
  const signer = authority.issue({ commonName: 'token signer' });
  const { username, password } = options.user;
  const known = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const { expiresInSeconds = 300, validForSeconds = expiresInSeconds } = options;

  const server = await startHttpServer((request, response, url) => {
    const { authorization } = request.headers;
    if (authorization !== undefined && authorization !== known) {
      response.writeHead(401).end('{"details":"incorrect username or password"}');
      return;
    }
    const [type = '', name = '', actions = ''] = (url.searchParams.get('scope') ?? '').split(':');
    const mayPull = authorization === known || name.startsWith('public/');
    const granted = actions.split(',').filter((action) => action === 'pull' && mayPull);
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: issuer,
      sub: authorization === known ? username : '',
      aud: url.searchParams.get('service'),
      iat: nowSeconds,
      nbf: nowSeconds - 60,
      exp: nowSeconds + validForSeconds,
      jti: randomUUID(),
      access: granted.length > 0 ? [{ type, name, actions: granted }] : [],
    };
    sendJson(response, { token: signToken(claims, signer), expires_in: expiresInSeconds });
  });
  return { ...server, realm: `${server.origin}/token`, service, issuer, authority: authority.certificate };
}

/** A JSON web token (RFC 7519) with the signer's certificate in it, by which the registry finds the way to its authority. */
function signToken(claims: object, signer: { readonly certificate: string; readonly key: string }): string {
  const der = signer.certificate.replace(/-----[A-Z ]+-----|\s/g, '');
  const text = [{ typ: 'JWT', alg: 'ES256', x5c: [der] }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), {
    key: createPrivateKey(signer.key),
    dsaEncoding: 'ieee-p1363',
  });
  return `${text}.${signature.toString('base64url')}`;
}
