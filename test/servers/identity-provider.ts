/** A real OpenID Connect provider in which whoever comes is signed in at once as the person that the test names. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type Configuration, Provider } from 'oidc-provider';
import { freePort } from '../cluster/ports.ts';

export interface IdentityProvider {
  readonly issuer: string;
  /** Who is signed in next, with claims. */
  become(person: string, claims: Readonly<Record<string, unknown>>): void;
  /** Connections are refused until it is started again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface IdentityProviderOptions {
  readonly clientId: string;
  /** Undefined: a public client. */
  readonly clientSecret?: string;
  readonly redirectUri: string;
  /** Speaks https with it. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const port = await freePort('127.0.0.1');
  const { tls } = options;
  const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  let person = 'nobody';
  const claimsOf = new Map<string, Readonly<Record<string, unknown>>>();
  const provider = new Provider(issuer, configurationOf(options, claimsOf));
  const answer = provider.callback();
  const create = tls
    ? (listener?: RequestListener) => createTlsServer({ cert: tls.certificate, key: tls.key }, listener)
    : createServer;
  let server: Server = createServer();
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/interaction/')) {
      provider.interactionFinished(request, response, { login: { accountId: person } }).catch(() => response.destroy());
    } else {
      Promise.resolve(answer(request, response)).catch(() => response.destroy());
    }
  };
  const start = async () => {
    server = create(serve);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  };
  await start();
  return {
    issuer,
    become: (name, claims) => {
      person = name;
      claimsOf.set(name, claims);
    },
    start,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function configurationOf(
  { clientId, clientSecret, redirectUri }: IdentityProviderOptions,
  claimsOf: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Configuration {
  return {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        ...(clientSecret === undefined ? { token_endpoint_auth_method: 'none' } : { client_secret: clientSecret }),
      },
    ],
    claims: { openid: ['sub', 'groups', 'email', 'email_verified'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, ...claimsOf.get(sub) }),
    }),
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client?.clientId,
        accountId: context.oidc.session?.accountId,
      });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
  };
}
