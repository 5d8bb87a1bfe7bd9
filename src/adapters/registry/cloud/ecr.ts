/** Amazon Elastic Container Registry: GetAuthorizationToken, signed with the identity of the pod or machine. */

import type { Loaded } from '../../../core/shared-loads.ts';
import type { RegistryCredentials } from '../../../engine/ports/registry.ts';
import { signAwsRequest } from '../../../network/aws-signature.ts';
import { isRecord } from '../failure.ts';
import { domainOf, findAwsCredentials } from './aws-credentials.ts';
import { askCloud, parseEndpoint, readCloudJson, tokenIn, unusable, type Variables } from './cloud-http.ts';
import type { CloudRegistry, CloudTools } from './cloud-tools.ts';

const hostPattern =
  /^[0-9]{12}\.dkr[.-]ecr(?<fips>-fips)?\.(?<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/;
const target = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken';
const what = 'ECR for an authorization token';
/** Where it does not say; tokens live for 12 hours. */
const defaultLifetimeMs = 3_600_000;

export const ecr: CloudRegistry = {
  name: 'AWS',
  serves: (host) => hostPattern.test(host),
  signIn: (tools, { host }, signal) => signIn(tools, host, signal),
};

async function signIn(tools: CloudTools, host: string, signal: AbortSignal): Promise<Loaded<RegistryCredentials>> {
  const { region = '', fips = '' } = hostPattern.exec(host)?.groups ?? {};
  const credentials = await findAwsCredentials(tools, region, signal);
  const url = ecrEndpoint(tools.variables, region, fips !== '');
  const now = tools.clock.now();
  const body = '{}';
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  const request = { method: 'POST', host: url.host, path: url.pathname, query: {}, headers, body };
  const { host: _, ...signed } = signAwsRequest(request, credentials, { region, service: 'ecr', now });
  const answer = await askCloud(tools.outside, { what, method: 'POST', url, headers: signed, body }, signal);
  return readToken(readCloudJson(what, answer), now.getTime());
}

function ecrEndpoint(variables: Variables, region: string, isFips: boolean): URL {
  const { AWS_ENDPOINT_URL_ECR: given } = variables;
  return given
    ? parseEndpoint('AWS_ENDPOINT_URL_ECR', given)
    : new URL(`https://${isFips ? 'ecr-fips' : 'api.ecr'}.${region}.${domainOf(region)}/`);
}

function readToken(answer: Readonly<Record<string, unknown>>, nowMs: number): Loaded<RegistryCredentials> {
  const list = Array.isArray(answer['authorizationData']) ? answer['authorizationData'] : [];
  const [first] = list;
  const data = isRecord(first) ? first : {};
  const text = Buffer.from(tokenIn(what, data, 'authorizationToken'), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw unusable(`ask ${what}: the answer's authorizationToken is not base64 of user:password`);
  }
  const { expiresAt } = data;
  return {
    value: { username: text.slice(0, colon), password: text.slice(colon + 1) },
    expiresAtMs: typeof expiresAt === 'number' ? expiresAt * 1_000 : nowMs + defaultLifetimeMs,
  };
}
