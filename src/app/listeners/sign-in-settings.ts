/** How people sign in to the API and the web UI, from what the command line says. */
import { randomBytes } from 'node:crypto';
import { BlockList } from 'node:net';
import { createOidcSignIn } from '../../adapters/oidc/oidc-sign-in.ts';
import { OperationError } from '../../core/errors.ts';
import type { Clock } from '../../kube/clock.ts';
import type { FrontProxy } from '../../server/api/authenticate.ts';
import { FailureLimit } from '../../server/api/failure-limit.ts';
import { createSealer, type Sealer } from '../../server/api/sealed.ts';
import type { SignInContext } from '../../server/api/session-routes.ts';
import { Sessions } from '../../server/api/sessions.ts';
import { readTextFile } from '../commands/read-text-file.ts';
import { parseAddressRange } from './address-range.ts';

export interface OidcSettings {
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly clientSecretFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly scopes: readonly string[];
  readonly usernameClaim: string;
  readonly usernamePrefix?: string | undefined;
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
}

export interface SignInSettings {
  /** How browsers reach us, with the path prefix; needed for an identity provider. */
  readonly externalUrl?: string | undefined;
  /** At least 32 bytes, the same for all replicas; sessions end with the process when absent. */
  readonly sessionSecretFile?: string | undefined;
  readonly oidc?: OidcSettings | undefined;
  readonly proxy?:
    | { readonly from: readonly string[]; readonly userHeader: string; readonly groupHeader: string }
    | undefined;
}

const minSecretBytes = 32;
const maxSecretBytes = 65_536;

/**
 * Reads what can be wrong before anything listens.
 *
 * @throws USAGE for what cannot be understood, or a file that cannot be read
 */
export async function openSignIn(
  settings: SignInSettings,
  { clock, prefix }: { readonly clock: Clock; readonly prefix: string },
): Promise<Pick<SignInContext, 'sessions' | 'failures' | 'proxy' | 'provider'> & { readonly sealer: Sealer }> {
  const external = settings.externalUrl === undefined ? undefined : parseUrl(settings.externalUrl, '--external-url');
  const secret = await readSecret(settings.sessionSecretFile);
  const sealer = createSealer(secret);
  const sessions = new Sessions({
    sealer,
    clock,
    path: prefix === '' ? '/' : prefix,
    secure: external?.protocol === 'https:',
  });
  return {
    sealer,
    sessions,
    failures: new FailureLimit(clock),
    proxy: settings.proxy && readProxy(settings.proxy),
    provider: settings.oidc && createOidcSignIn(readOidc(settings.oidc, external)),
  };
}

async function readSecret(path: string | undefined): Promise<Uint8Array> {
  if (path === undefined) {
    return randomBytes(minSecretBytes);
  }
  const text = (await readTextFile(path, maxSecretBytes, new AbortController().signal)).trim();
  if (Buffer.byteLength(text) < minSecretBytes) {
    throw usage(`--session-secret-file: ${path} has fewer than ${minSecretBytes} bytes`);
  }
  return Buffer.from(text);
}

function readOidc(oidc: OidcSettings, external: URL | undefined) {
  if (!external) {
    throw usage('--oidc-issuer-url: give --external-url too, to which the provider sends browsers back');
  }
  return {
    issuer: parseUrl(oidc.issuerUrl, '--oidc-issuer-url'),
    clientId: oidc.clientId,
    clientSecretFile: oidc.clientSecretFile,
    caFile: oidc.caFile,
    scopes: oidc.scopes,
    claims: {
      username: oidc.usernameClaim,
      usernamePrefix: oidc.usernamePrefix,
      groups: oidc.groupsClaim,
      groupsPrefix: oidc.groupsPrefix,
    },
    redirectUri: `${external.href.replace(/\/+$/, '')}/auth/callback`,
  };
}

function readProxy({ from, userHeader, groupHeader }: NonNullable<SignInSettings['proxy']>): FrontProxy {
  const list = new BlockList();
  for (const range of from) {
    const { address, bits, family } = parseAddressRange(range, '--auth-proxy-from');
    list.addSubnet(address, bits, family);
  }
  return { from: list, userHeader: userHeader.toLowerCase(), groupHeader: groupHeader.toLowerCase() };
}

function parseUrl(text: string, option: string): URL {
  const url = URL.parse(text);
  if (
    !url ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  ) {
    throw usage(`${option}: "${text}" is no http or https address; write for example https://headgate.example.com`);
  }
  return url;
}

function usage(message: string): OperationError {
  return new OperationError(message, { code: 'USAGE', retry: 'never' });
}
