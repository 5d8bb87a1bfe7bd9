/** Services that refuse, and say in their refusal what they were sent: the worst that a careless server does with a secret. */
import { SMTPServer } from 'smtp-server';
import { freePort } from '../cluster/ports.ts';
import { bodyOf, startHttpServer, type TestServer } from '../servers/http-server.ts';

/** Registry, git server, chart repository, receiver of notices and identity provider (`/oidc`) in one. */
export async function startEcho(hear: (said: string) => void): Promise<TestServer> {
  return await startHttpServer(async (request, response, url) => {
    const { authorization } = request.headers;
    const said = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${await bodyOf(request)} ${login(authorization)}`;
    hear(said);
    if (url.pathname === '/oidc/.well-known/openid-configuration') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(discovery(`http://${request.headers.host}/oidc`)));
      return;
    }
    response.writeHead(authorization === undefined ? 401 : 403, {
      'content-type': 'application/json',
      'www-authenticate': 'Basic realm="mirror"',
    });
    const errors = [{ code: 'DENIED', message: said }];
    response.end(JSON.stringify({ error: 'access_denied', error_description: said, errors }));
  });
}

function discovery(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
  };
}

function login(authorization = ''): string {
  return Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
}

export interface EchoingMail {
  /** As the Secret of a channel of notices has it. */
  readonly address: string;
  stop(): Promise<void>;
}

export async function startEchoingMail(hear: (said: string) => void): Promise<EchoingMail> {
  const server = new SMTPServer({
    logger: false,
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      hear(`${password}`);
      done(new Error(`no such user ${username} with ${password}`));
    },
  });
  const port = await freePort('127.0.0.1');
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    address: `smtp+plain://127.0.0.1:${port}`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
