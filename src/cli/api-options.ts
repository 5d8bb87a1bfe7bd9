/** What the command line says of the HTTP API and of signing in to it. */
import type { ApiSettings } from '../app/listeners/api-listener.ts';
import type { OidcSettings, SignInSettings } from '../app/listeners/sign-in-settings.ts';
import { type OptionDefinition, type Options, usageError } from './command.ts';

export const apiOptions: readonly OptionDefinition[] = [
  {
    flags: '--api-listen <address>',
    description: 'host:port of the HTTP API and the web UI; they are not there when absent',
  },
  { flags: '--api-prefix <path>', description: 'path below which the API and the web UI are, e.g. /headgate' },
  { flags: '--ui-folder <path>', description: 'folder with the built web UI; there is none when absent' },
  { flags: '--anonymous-read', description: 'let whoever reaches the API read everything without signing in' },
  {
    flags: '--trusted-proxy <range>',
    description: 'address or range of proxies whose X-Forwarded-For is believed; may be given several times',
    repeatable: true,
  },
  {
    flags: '--external-url <url>',
    description: 'how browsers reach the web UI, with its path prefix; needed for --oidc-issuer-url',
  },
  {
    flags: '--session-secret-file <path>',
    description: 'at least 32 bytes that seal the sessions of browsers; they end with the process when absent',
  },
  { flags: '--oidc-issuer-url <url>', description: 'identity provider (OpenID Connect) by which people sign in' },
  { flags: '--oidc-client-id <id>', description: 'what the provider knows Headgate as' },
  { flags: '--oidc-client-secret-file <path>', description: 'its secret; a public client when absent' },
  { flags: '--oidc-ca-file <path>', description: 'certificates (PEM) to trust for the provider' },
  {
    flags: '--oidc-scope <scope>',
    description: 'to ask for besides openid, e.g. groups; may be given several times',
    repeatable: true,
  },
  {
    flags: '--oidc-username-claim <claim>',
    description: 'claim with the name; as the same flag of kube-apiserver',
    default: 'sub',
  },
  {
    flags: '--oidc-username-prefix <text>',
    description: 'before the name, - for nothing; the issuer and # when absent, as kube-apiserver does it',
  },
  { flags: '--oidc-groups-claim <claim>', description: 'claim with the groups', default: 'groups' },
  { flags: '--oidc-groups-prefix <text>', description: 'before each group', default: '' },
  {
    flags: '--auth-proxy-from <range>',
    description: 'address or range of a proxy that signs people in and names them; may be given several times',
    repeatable: true,
  },
  { flags: '--auth-proxy-user-header <name>', description: 'header with the name', default: 'X-Remote-User' },
  {
    flags: '--auth-proxy-group-header <name>',
    description: 'header with the groups, repeated or parted by commas',
    default: 'X-Remote-Group',
  },
];

const needListen = [
  'apiPrefix',
  'uiFolder',
  'externalUrl',
  'sessionSecretFile',
  'oidcIssuerUrl',
  'oidcClientId',
  'oidcClientSecretFile',
  'oidcCaFile',
  'oidcUsernamePrefix',
];

export function apiOf(options: Options): ApiSettings | undefined {
  const listen = options.text('apiListen');
  if (listen === undefined) {
    const lists = [...options.list('trustedProxy'), ...options.list('oidcScope'), ...options.list('authProxyFrom')];
    if (
      options.flag('anonymousRead') ||
      lists.length > 0 ||
      needListen.some((name) => options.text(name) !== undefined)
    ) {
      throw usageError('there is no HTTP API; give --api-listen too');
    }
    return undefined;
  }
  return {
    listen,
    prefix: options.text('apiPrefix'),
    pages: options.text('uiFolder'),
    anonymousRead: options.flag('anonymousRead'),
    trustedProxies: options.list('trustedProxy'),
    signIn: signInOf(options),
  };
}

function signInOf(options: Options): SignInSettings {
  const from = options.list('authProxyFrom');
  const proxy = {
    from,
    userHeader: options.given('authProxyUserHeader'),
    groupHeader: options.given('authProxyGroupHeader'),
  };
  return {
    externalUrl: options.text('externalUrl'),
    sessionSecretFile: options.text('sessionSecretFile'),
    oidc: oidcOf(options),
    proxy: from.length === 0 ? undefined : proxy,
  };
}

function oidcOf(options: Options): OidcSettings | undefined {
  const [issuerUrl, clientId] = [options.text('oidcIssuerUrl'), options.text('oidcClientId')];
  if (issuerUrl === undefined && clientId === undefined) {
    return undefined;
  }
  if (issuerUrl === undefined || clientId === undefined) {
    throw usageError('give both --oidc-issuer-url and --oidc-client-id');
  }
  return {
    issuerUrl,
    clientId,
    clientSecretFile: options.text('oidcClientSecretFile'),
    caFile: options.text('oidcCaFile'),
    scopes: options.list('oidcScope'),
    usernameClaim: options.given('oidcUsernameClaim'),
    usernamePrefix: options.text('oidcUsernamePrefix'),
    groupsClaim: options.given('oidcGroupsClaim'),
    groupsPrefix: options.given('oidcGroupsPrefix'),
  };
}
