/** Credentials of AWS as its SDKs find them in a pod or on a machine: environment, web identity (IRSA), pod identity, EC2. */
import { isIP } from 'node:net';
import type { AwsCredentials } from '../../../network/aws-signature.ts';
import { bareHost } from '../../../network/proxy.ts';
import { isNearby } from '../../../network/reach.ts';
import {
  askCloud,
  parseEndpoint,
  readCloudJson,
  readTokenFile,
  tokenIn,
  unusable,
  type Variables,
} from './cloud-http.ts';
import type { CloudTools } from './cloud-tools.ts';

const ecsHost = 'http://169.254.170.2';
const podIdentityV6 = 'fd00:ec2::23';
const ec2Host = 'http://169.254.169.254';

/**
 * The first source that the environment names, in the order of the SDKs; EC2's metadata server where it names none.
 *
 * @param region of the registry, for the endpoint of STS where the environment names no region
 * @throws CREDENTIALS_UNUSABLE
 */
export async function findAwsCredentials(
  tools: CloudTools,
  region: string,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const { variables } = tools;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, sessionToken: variables['AWS_SESSION_TOKEN'] || undefined };
  }
  if (variables['AWS_WEB_IDENTITY_TOKEN_FILE'] && variables['AWS_ROLE_ARN']) {
    return await assumeRole(tools, region, signal);
  }
  if (variables['AWS_CONTAINER_CREDENTIALS_FULL_URI'] || variables['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']) {
    return await askContainerAgent(tools, signal);
  }
  if (variables['AWS_EC2_METADATA_DISABLED'] === 'true') {
    throw unusable('find credentials of AWS: the environment names none, and AWS_EC2_METADATA_DISABLED is set');
  }
  return await askEc2(tools, signal);
}

/** STS AssumeRoleWithWebIdentity; not signed, the token of the ServiceAccount is the proof. */
async function assumeRole(
  { variables, outside }: CloudTools,
  region: string,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const what = 'STS for the role of the ServiceAccount';
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: variables['AWS_ROLE_ARN'] ?? '',
    RoleSessionName: variables['AWS_ROLE_SESSION_NAME'] || 'headgate',
    WebIdentityToken: await readTokenFile(variables['AWS_WEB_IDENTITY_TOKEN_FILE'] ?? ''),
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/xml' };
  const url = stsEndpoint(variables, region);
  const answer = await askCloud(outside, { what, method: 'POST', url, headers, body: body.toString() }, signal);
  const xml = answer.body.toString('utf8');
  const fields = Object.fromEntries(
    ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((name) => [name, elementIn(xml, name)]),
  );
  return credentialsIn(what, fields, 'SessionToken');
}

function stsEndpoint(variables: Variables, registryRegion: string): URL {
  const { AWS_ENDPOINT_URL_STS: given } = variables;
  if (given) {
    return parseEndpoint('AWS_ENDPOINT_URL_STS', given);
  }
  const region = variables['AWS_REGION'] || variables['AWS_DEFAULT_REGION'] || registryRegion;
  if (!/^[a-z0-9-]+$/.test(region)) {
    throw unusable('AWS_REGION is no name of a region');
  }
  return new URL(`https://sts.${region}.${domainOf(region)}/`);
}

/** Where the services of a region are. */
export function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

function elementIn(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.trim();
}

/** EKS Pod Identity and ECS: an agent on the machine. */
async function askContainerAgent(
  { variables, nearby, outside }: CloudTools,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const what = 'the pod identity agent for credentials';
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: full, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative } = variables;
  const url = full ? parseEndpoint('AWS_CONTAINER_CREDENTIALS_FULL_URI', full) : new URL(relative ?? '', ecsHost);
  const host = bareHost(url);
  const isNear = isNearby(host) || (isIP(host) === 6 && host === podIdentityV6);
  if (url.protocol === 'http:' && !isNear) {
    throw unusable(
      'AWS_CONTAINER_CREDENTIALS_FULL_URI is plain http to another machine, which would be told the token',
    );
  }
  const file = variables['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const token = file ? await readTokenFile(file) : variables['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  const headers = { accept: 'application/json', ...(token ? { authorization: token } : {}) };
  const answer = await askCloud(isNear ? nearby : outside, { what, method: 'GET', url, headers }, signal);
  return credentialsIn(what, readCloudJson(what, answer), 'Token');
}

/** The role of the machine, by version 2 of the metadata service. */
async function askEc2({ variables, nearby }: CloudTools, signal: AbortSignal): Promise<AwsCredentials> {
  const what = "EC2's metadata server for the role of the machine";
  const base = parseEndpoint(
    'AWS_EC2_METADATA_SERVICE_ENDPOINT',
    variables['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || ec2Host,
  );
  const ask = async (method: 'GET' | 'PUT', path: string, headers: Readonly<Record<string, string>>) => {
    const answer = await askCloud(nearby, { what, method, url: new URL(path, base), headers }, signal);
    return answer.body.toString('utf8').trim();
  };
  const session = await ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '300' });
  const headers = { 'x-aws-ec2-metadata-token': tokenIn(what, { token: session }, 'token') };
  const roles = '/latest/meta-data/iam/security-credentials/';
  const [role = ''] = (await ask('GET', roles, headers)).split('\n');
  const url = new URL(`${roles}${encodeURIComponent(role)}`, base);
  const answer = await askCloud(nearby, { what, method: 'GET', url, headers }, signal);
  return credentialsIn(what, readCloudJson(what, answer), 'Token');
}

function credentialsIn(what: string, fields: Readonly<Record<string, unknown>>, session: string): AwsCredentials {
  return {
    accessKeyId: tokenIn(what, fields, 'AccessKeyId'),
    secretAccessKey: tokenIn(what, fields, 'SecretAccessKey'),
    sessionToken: tokenIn(what, fields, session),
  };
}
