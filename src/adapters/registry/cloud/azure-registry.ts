/**
 * Azure Container Registry: a token of Entra ID for registries, by workload identity or managed identity, exchanged at the registry for a
 * refresh token of its own (github.com/Azure/acr, docs/AAD-OAuth.md).
 */
import { isRecord } from '../failure.ts';
import { askCloud, parseEndpoint, readCloudJson, readTokenFile, tokenIn } from './cloud-http.ts';
import type { CloudRegistry, CloudTools } from './cloud-tools.ts';

const hostPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*\.azurecr\.(?:io|cn|us)$/;
/** Good for registries and for nothing else. */
const audience = 'https://containerregistry.azure.net';
/** By this name the token server of the registry knows that the password is a refresh token. */
const refreshTokenUser = '00000000-0000-0000-0000-000000000000';
const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
const metadataHost = 'http://169.254.169.254';
/** Where the refresh token does not say; they live for three hours. */
const defaultLifetimeMs = 3_600_000;

export const azureRegistry: CloudRegistry = {
  name: 'Azure',
  serves: (host) => hostPattern.test(host),
  async signIn(tools, { host, access: { caBundle } }, signal) {
    const { variables, outside, clock } = tools;
    const what = `${host} to exchange the token of Entra ID`;
    const { AZURE_FEDERATED_TOKEN_FILE: file, AZURE_TENANT_ID: tenant } = variables;
    const token = file ? await askEntra(tools, file, signal) : await askMetadata(tools, signal);
    const body = new URLSearchParams({
      grant_type: 'access_token',
      service: host,
      ...(tenant ? { tenant } : {}),
      access_token: token,
    }).toString();
    const url = new URL(`https://${host}/oauth2/exchange`);
    const answer = await askCloud(outside, { what, method: 'POST', url, headers: form, body, caBundle }, signal);
    const password = tokenIn(what, readCloudJson(what, answer), 'refresh_token');
    return {
      value: { username: refreshTokenUser, password },
      expiresAtMs: expiryOf(password) ?? clock.now().getTime() + defaultLifetimeMs,
    };
  },
};

/** Workload identity: the token of the ServiceAccount is the proof (OAuth 2.0 client credentials with a JWT assertion, RFC 7523). */
async function askEntra({ variables, outside }: CloudTools, file: string, signal: AbortSignal): Promise<string> {
  const what = 'Entra ID for a token of the workload identity';
  const authority = parseEndpoint(
    'AZURE_AUTHORITY_HOST',
    variables['AZURE_AUTHORITY_HOST'] || 'https://login.microsoftonline.com/',
  );
  const url = new URL(`${encodeURIComponent(variables['AZURE_TENANT_ID'] ?? '')}/oauth2/v2.0/token`, authority);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: variables['AZURE_CLIENT_ID'] ?? '',
    scope: `${audience}/.default`,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await readTokenFile(file),
  });
  const request = { what, method: 'POST', url, headers: form, body: body.toString() } as const;
  return tokenIn(what, readCloudJson(what, await askCloud(outside, request, signal)), 'access_token');
}

/** The managed identity of the machine; of several AZURE_CLIENT_ID says which. */
async function askMetadata({ variables, nearby }: CloudTools, signal: AbortSignal): Promise<string> {
  const what = "Azure's metadata server for a token of the managed identity";
  const base = parseEndpoint(
    'AZURE_POD_IDENTITY_AUTHORITY_HOST',
    variables['AZURE_POD_IDENTITY_AUTHORITY_HOST'] || metadataHost,
  );
  const url = new URL('/metadata/identity/oauth2/token', base);
  url.searchParams.set('api-version', '2018-02-01');
  url.searchParams.set('resource', audience);
  const { AZURE_CLIENT_ID: client } = variables;
  if (client) {
    url.searchParams.set('client_id', client);
  }
  const headers = { metadata: 'true', accept: 'application/json' };
  const answer = await askCloud(nearby, { what, method: 'GET', url, headers }, signal);
  return tokenIn(what, readCloudJson(what, answer), 'access_token');
}

/** The claim `exp` of a JSON web token. It is for our own memory only, so nobody has to check the signature. */
function expiryOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const seconds = isRecord(claims) ? claims['exp'] : undefined;
    return typeof seconds === 'number' ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
