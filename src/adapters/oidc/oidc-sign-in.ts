/** Fulfils the engine's SignInProvider by OpenID Connect: code flow with PKCE, state and nonce; the signature of the token is checked. */
import { readFile } from 'node:fs/promises';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import type { Caller } from '../../core/access/caller.ts';
import { type ClaimMapping, callerOfClaims } from '../../core/access/claims.ts';
import { OperationError } from '../../core/errors.ts';
import type { SignInAttempt, SignInProvider } from '../../engine/ports/sign-in.ts';

export interface OidcOptions {
  readonly issuer: URL;
  readonly clientId: string;
  /** Undefined: a public client. */
  readonly clientSecretFile: string | undefined;
  /** Certificates to trust besides the public ones, PEM. */
  readonly caFile: string | undefined;
  /** Besides `openid`. */
  readonly scopes: readonly string[];
  readonly claims: ClaimMapping;
  /** Where the provider sends the browser back to. */
  readonly redirectUri: string;
}

const timeoutSeconds = 5;

/** The provider is asked for its metadata at the first sign-in, and again as long as it does not answer. */
export function createOidcSignIn(options: OidcOptions): SignInProvider {
  let known: Promise<Configuration> | undefined;
  const configured = async () => {
    known ??= discover(options);
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw unavailable(options, error);
    }
  };
  return {
    async begin() {
      const config = await configured();
      const attempt = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const url = buildAuthorizationUrl(config, {
        redirect_uri: options.redirectUri,
        scope: ['openid', ...options.scopes].join(' '),
        code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        state: attempt.state,
        nonce: attempt.nonce,
      });
      return { url: url.href, attempt };
    },
    finish: async (callback, attempt) => await finish(options, await configured(), { callback, attempt }),
  };
}

async function discover({ issuer, clientId, clientSecretFile, caFile }: OidcOptions): Promise<Configuration> {
  const secret = clientSecretFile === undefined ? undefined : (await readFile(clientSecretFile, 'utf8')).trim();
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  const fetch = ca === undefined ? undefined : trusting(ca);
  const config = await discovery(issuer, clientId, secret, secret === undefined ? None() : undefined, {
    timeout: timeoutSeconds,
    // Only where the operator wrote http himself.
    execute: [...(issuer.protocol === 'http:' ? [allowInsecureRequests] : []), enableNonRepudiationChecks],
    ...(fetch && { [customFetch]: fetch }),
  });
  return config;
}

type CustomFetch = NonNullable<NonNullable<Parameters<typeof discovery>[4]>[typeof customFetch]>;

function trusting(ca: string): CustomFetch {
  const dispatcher = new Agent({ connect: { ca } });
  return async (url, init) => {
    const response = await undiciFetch(url, { ...init, dispatcher } as Parameters<typeof undiciFetch>[1]);
    return new Response(await response.arrayBuffer(), {
      status: response.status,
      headers: [...response.headers.entries()],
    });
  };
}

async function finish(
  options: OidcOptions,
  config: Configuration,
  { callback, attempt }: { readonly callback: URL; readonly attempt: SignInAttempt },
): Promise<Caller> {
  const { state, nonce, verifier } = attempt;
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
  const url = new URL(options.redirectUri);
  url.search = callback.search;
  const claims = await authorizationCodeGrant(config, url, checks).then(
    (tokens) => tokens.claims(),
    (error: unknown) => {
      throw isOutOfReach(error) ? unavailable(options, error) : refused(options, error);
    },
  );
  const claimed = callerOfClaims({ ...claims }, options.claims, config.serverMetadata().issuer);
  if (claimed.kind === 'Unknown') {
    throw refused(options, new Error(claimed.reason));
  }
  return claimed.caller;
}

/** Errors of the network, and answers 5xx; all others say that the sign-in does not hold. */
function isOutOfReach(error: unknown): boolean {
  const chain = [error, error instanceof Error ? error.cause : undefined];
  return chain.some((one) => {
    const isOfNetwork = one instanceof TypeError || (one instanceof DOMException && one.name === 'TimeoutError');
    const status = one instanceof Response ? one.status : statusOf(one);
    return isOfNetwork || (status !== undefined && status >= 500);
  });
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : undefined;
}

function unavailable({ issuer }: OidcOptions, cause: unknown): OperationError {
  return new OperationError(`ask the identity provider ${issuer.origin}: it does not answer as one`, {
    code: 'PROVIDER_UNAVAILABLE',
    retry: 'backoff',
    context: { issuer: issuer.origin },
    cause,
  });
}

function refused({ issuer }: OidcOptions, cause: unknown): OperationError {
  return new OperationError(`sign in by ${issuer.origin}: what it says does not hold`, {
    code: 'SIGN_IN_REFUSED',
    retry: 'never',
    context: { issuer: issuer.origin },
    cause,
  });
}
