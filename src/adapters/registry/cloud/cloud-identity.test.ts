/**
 * The clouds as their documentation describes them on the wire, played by servers on this machine. The names are the real ones: a proxy leads
 * them here. The clouds themselves cannot be reached from the tests.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../test/cluster/certificates.ts';
import { type ConnectProxy, startConnectProxy } from '../../../../test/servers/connect-proxy.ts';
import {
  bodyOf,
  type Handler,
  sendJson,
  startHttpServer,
  type TestServer,
} from '../../../../test/servers/http-server.ts';
import { signAwsRequest } from '../../../network/aws-signature.ts';
import { createRegistryClient, type RegistryClient } from '../client.ts';
import type { Variables } from './cloud-http.ts';
import { type Cloud, cloudIdentity } from './cloud-identity.ts';

const never = new AbortController().signal;
const authority = createAuthority('authority of the clouds');
const ecrHost = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const hosts = [
  ecrHost,
  'api.ecr.eu-central-1.amazonaws.com',
  'sts.eu-central-1.amazonaws.com',
  'europe-docker.pkg.dev',
  'gcr.io',
  'shop.azurecr.io',
  'login.microsoftonline.com',
  'elsewhere.test',
];

const trusted = getCACertificates('default');

let folder: string;
let cloud: TestServer;
let proxy: ConnectProxy;
let metadata: TestServer;
let client: RegistryClient;
let now: Date;
/** `host path` -> handler; hosts by the TLS name asked for. */
let services: Map<string, Handler>;
let asked: string[];
let opensTo: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloud-identity-'));
  // As NODE_EXTRA_CA_CERTS does it: the services of a cloud have no bundle of their own.
  setDefaultCACertificates([...trusted, authority.certificate]);
  const tls = authority.issue({ commonName: 'clouds', hosts });
  cloud = await startHttpServer(async (request, response, url) => {
    const service = `${request.headers.host} ${url.pathname}`;
    asked.push(service);
    const handler = services.get(service);
    if (handler) {
      await handler(request, response, url);
    } else if (request.headers.authorization === `Basic ${Buffer.from(opensTo).toString('base64')}`) {
      sendJson(response, { tags: ['1.0.0'] });
    } else {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
    }
  }, tls);
  metadata = await startHttpServer(async (request, response, url) => {
    const service = `metadata ${url.pathname}`;
    asked.push(service);
    await (services.get(service) ?? ((_, answer) => void answer.writeHead(404).end()))(request, response, url);
  });
  proxy = await startConnectProxy(Object.fromEntries(hosts.map((host) => [`${host}:443`, cloud.host])));
});

afterAll(async () => {
  setDefaultCACertificates(trusted);
  await Promise.all([cloud.stop(), metadata.stop(), proxy.stop(), rm(folder, { recursive: true })]);
});

beforeEach(() => {
  now = new Date('2026-01-01T00:00:00Z');
  services = new Map();
  asked = [];
  opensTo = 'nobody:';
});

afterEach(() => client.close());

describe('ECR', () => {
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalr+secret', sessionToken: 'session' };

  /** Checks the signature as AWS does: by making it again with the secret that it knows. */
  const ecrSaying =
    (lifetimeMs = 12 * 3_600_000): Handler =>
    async (request, response) => {
      const body = await bodyOf(request);
      const headers = Object.fromEntries(
        (/SignedHeaders=([^,]*)/.exec(request.headers.authorization ?? '')?.[1] ?? '')
          .split(';')
          .filter((name) => !['host', 'x-amz-date', 'x-amz-security-token'].includes(name))
          .map((name) => [name, String(request.headers[name])]),
      );
      const signed = signAwsRequest(
        { method: 'POST', host: request.headers.host ?? '', path: '/', query: {}, headers, body },
        request.headers['x-amz-security-token'] === undefined ? { ...keys, sessionToken: undefined } : keys,
        { region: 'eu-central-1', service: 'ecr', now },
      );
      const isKnown = request.headers.authorization === signed['authorization'];
      const target = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken';
      if (!isKnown || request.headers['x-amz-target'] !== target) {
        response.statusCode = 403;
        response.end(
          JSON.stringify({ __type: 'InvalidSignatureException', message: 'The request signature does not match' }),
        );
        return;
      }
      const authorizationToken = Buffer.from('AWS:ecr-token').toString('base64');
      const expiresAt = (now.getTime() + lifetimeMs) / 1_000;
      sendJson(response, {
        authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint: `https://${ecrHost}` }],
      });
    };
  const api = 'api.ecr.eu-central-1.amazonaws.com /';
  const inAnswer = {
    Code: 'Success',
    AccessKeyId: keys.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    Token: keys.sessionToken,
    Expiration: '2026-01-01T06:00:00Z',
  };

  beforeEach(() => {
    opensTo = 'AWS:ecr-token';
    services.set(api, ecrSaying());
  });

  test('with keys of the environment', async () => {
    open(['aws'], { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey });

    expect(await list(ecrHost)).toEqual(['1.0.0']);
    expect(asked).toEqual([api, `${ecrHost} /v2/app/tags/list`, `${ecrHost} /v2/app/tags/list`]);
  });

  test('with the role of the ServiceAccount (IRSA)', async () => {
    const bodies: string[] = [];
    services.set('sts.eu-central-1.amazonaws.com /', async (request, response) => {
      bodies.push(await bodyOf(request));
      // As in the API reference of STS.
      response.end(`<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <SessionToken>${keys.sessionToken}</SessionToken>
      <SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey>
      <Expiration>2026-01-01T01:00:00Z</Expiration>
      <AccessKeyId>${keys.accessKeyId}</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`);
    });
    const file = await write('aws-token', 'service-account-token\n');
    open(['aws'], { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/headgate' });

    expect(await list(ecrHost)).toEqual(['1.0.0']);
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::123456789012:role/headgate',
      RoleSessionName: 'headgate',
      WebIdentityToken: 'service-account-token',
    });
  });

  test('with EKS pod identity', async () => {
    services.set('metadata /v1/credentials', (request, response) => {
      if (request.headers.authorization === 'pod-token') {
        sendJson(response, inAnswer);
      } else {
        response.writeHead(401).end();
      }
    });
    const file = await write('pod-token', 'pod-token');
    const uri = `${metadata.origin}/v1/credentials`;
    open(['aws'], { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file });

    expect(await list(ecrHost)).toEqual(['1.0.0']);
  });

  test('with the role of the machine, by version 2 of the metadata service', async () => {
    const roles = '/latest/meta-data/iam/security-credentials/';
    const ifTold =
      (body: string): Handler =>
      (request, response) => {
        response.statusCode = request.headers['x-aws-ec2-metadata-token'] === 'imds-session' ? 200 : 401;
        response.end(body);
      };
    services.set('metadata /latest/api/token', (request, response) => {
      const isRight = request.method === 'PUT' && request.headers['x-aws-ec2-metadata-token-ttl-seconds'] === '300';
      response.writeHead(isRight ? 200 : 400).end(isRight ? 'imds-session' : '');
    });
    services.set(`metadata ${roles}`, ifTold('node-role'));
    services.set(`metadata ${roles}node-role`, ifTold(JSON.stringify(inAnswer)));
    open(['aws'], { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.origin });

    expect(await list(ecrHost)).toEqual(['1.0.0']);
  });

  test('keeps its token until five minutes before it ends, and no longer than the registry takes it', async () => {
    open(['aws'], { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey });
    const signIns = () => asked.filter((service) => service === api).length;

    await list(ecrHost);
    now = new Date(now.getTime() + 12 * 3_600_000 - 301_000);
    await list(ecrHost);
    expect(signIns()).toBe(1);
    now = new Date(now.getTime() + 2_000);
    await list(ecrHost);
    expect(signIns()).toBe(2);

    opensTo = 'AWS:another-token';
    await expect(list(ecrHost)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    await expect(list(ecrHost)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(signIns()).toBe(3);
  });

  test.each([
    [
      'a wrong key',
      { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'hunter2' },
      '403 Forbidden (The request signature',
    ],
    ['no identity at all', { AWS_EC2_METADATA_DISABLED: 'true' }, 'the environment names none'],
    [
      'a token file that is missing',
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/nosuch', AWS_ROLE_ARN: 'x' },
      'read /nosuch: ENOENT',
    ],
    [
      'an agent on another machine',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://10.0.0.1/', AWS_CONTAINER_AUTHORIZATION_TOKEN: 'hunter2' },
      'is plain http to another machine',
    ],
    ['a metadata server without a role', { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'metadata' }, '404 Not Found'],
  ])('with %s is asked without, and says why it was refused', async (_, variables, part) => {
    const resolved = Object.entries(variables).map(([name, value]) => [
      name,
      value === 'metadata' ? metadata.origin : value,
    ]);
    open(['aws'], Object.fromEntries(resolved));

    const error = await list(ecrHost).catch((one: unknown) => one);

    expect(error).toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(String(error)).toContain('no credentials were given');
    expect(String(error)).toContain('the identity of AWS cannot be used: ');
    expect(String(error)).toContain(part);
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('Google', () => {
  const path = 'metadata /computeMetadata/v1/instance/service-accounts/default/token';

  beforeEach(() => {
    opensTo = 'oauth2accesstoken:google-token';
    services.set(path, (request, response) => {
      if (request.headers['metadata-flavor'] === 'Google') {
        sendJson(response, { access_token: 'google-token', expires_in: 3_599, token_type: 'Bearer' });
      } else {
        response.writeHead(403).end();
      }
    });
  });

  test.each(['europe-docker.pkg.dev', 'gcr.io'])('%s opens to the token of the metadata server', async (host) => {
    open(['gcp'], { GCE_METADATA_HOST: metadata.host });

    expect(await list(host)).toEqual(['1.0.0']);
  });

  test('keeps its token', async () => {
    open(['gcp'], { GCE_METADATA_HOST: metadata.host });
    await list('gcr.io');
    now = new Date(now.getTime() + 3_290_000);
    await list('gcr.io');

    expect(asked.filter((service) => service === path)).toHaveLength(1);
  });
});

describe('Azure', () => {
  const claims = Buffer.from(JSON.stringify({ exp: Date.parse('2026-01-01T03:00:00Z') / 1_000 })).toString('base64url');
  const refreshToken = `e30.${claims}.signature`;
  const exchange = 'shop.azurecr.io /oauth2/exchange';
  const forms: Record<string, string>[] = [];

  beforeEach(() => {
    forms.length = 0;
    opensTo = `00000000-0000-0000-0000-000000000000:${refreshToken}`;
    services.set(exchange, async (request, response) => {
      const form = Object.fromEntries(new URLSearchParams(await bodyOf(request)));
      forms.push(form);
      if (form['access_token'] === 'entra-token') {
        sendJson(response, { refresh_token: refreshToken });
      } else {
        response.writeHead(401).end();
      }
    });
  });

  test('with the workload identity', async () => {
    const login = 'login.microsoftonline.com /tenant-1/oauth2/v2.0/token';
    services.set(login, async (request, response) => {
      forms.push(Object.fromEntries(new URLSearchParams(await bodyOf(request))));
      sendJson(response, { token_type: 'Bearer', expires_in: 86_399, access_token: 'entra-token' });
    });
    open(['azure'], {
      AZURE_CLIENT_ID: 'client-1',
      AZURE_TENANT_ID: 'tenant-1',
      AZURE_FEDERATED_TOKEN_FILE: await write('azure-token', 'federated'),
      AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
    });

    expect(await list('shop.azurecr.io')).toEqual(['1.0.0']);
    expect(forms).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'client-1',
        scope: 'https://containerregistry.azure.net/.default',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'federated',
      },
      {
        grant_type: 'access_token',
        service: 'shop.azurecr.io',
        tenant: 'tenant-1',
        access_token: 'entra-token',
      },
    ]);
  });

  test('with the managed identity of the machine', async () => {
    services.set('metadata /metadata/identity/oauth2/token', (request, response, url) => {
      const query = Object.fromEntries(url.searchParams);
      const isRight = request.headers['metadata'] === 'true' && query['api-version'] === '2018-02-01';
      if (isRight && query['resource'] === 'https://containerregistry.azure.net' && query['client_id'] === 'client-1') {
        sendJson(response, { access_token: 'entra-token', expires_in: '86399', token_type: 'Bearer' });
      } else {
        response.writeHead(400).end();
      }
    });
    open(['azure'], { AZURE_POD_IDENTITY_AUTHORITY_HOST: metadata.origin, AZURE_CLIENT_ID: 'client-1' });

    expect(await list('shop.azurecr.io')).toEqual(['1.0.0']);
    now = new Date('2026-01-01T02:54:00Z');
    await list('shop.azurecr.io');
    expect(forms).toHaveLength(1);
    now = new Date('2026-01-01T02:56:00Z');
    await list('shop.azurecr.io');
    expect(forms).toHaveLength(2);
  });

  test('that refuses the exchange is told with its words, never with a token', async () => {
    services.set('login.microsoftonline.com /t/oauth2/v2.0/token', (_, response) => {
      response.statusCode = 401;
      response.end(
        JSON.stringify({ error: 'invalid_client', error_description: 'AADSTS70021: no matching federation' }),
      );
    });
    open(['azure'], { AZURE_TENANT_ID: 't', AZURE_FEDERATED_TOKEN_FILE: await write('f', 'federated') });

    const error = await list('shop.azurecr.io').catch((one: unknown) => one);

    expect(String(error)).toContain('401 Unauthorized (AADSTS70021: no matching federation)');
    expect(String(error)).not.toContain('federated-');
  });
});

test.each([
  ['elsewhere.test', 'gcp'],
  ['gcr.io', 'aws'],
  ['shop.azurecr.io', 'aws'],
  [ecrHost, 'gcp'],
  ['elsewhere.test', 'aws'],
] as const)('nothing is asked for %s on behalf of %s', async (host, only) => {
  open([only], { GCE_METADATA_HOST: metadata.host, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.origin });

  await expect(list(host)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
  expect(asked.filter((service) => service.startsWith('metadata'))).toEqual([]);
});

test.each([
  `${ecrHost}.evil.example`,
  '123456789012.dkr.ecr.eu-central-1.amazonaws.com.cn.evil.example',
  '1234.dkr.ecr.eu-central-1.amazonaws.com',
  'evilgcr.io',
  'a.b.gcr.io',
  'pkg.dev.evil.example',
  'shop.azurecr.io.evil.example',
  'shop.azurecr.evil',
])('%s is no registry of a cloud', async (registry) => {
  const ambient = identity(['aws', 'azure', 'gcp'], { GCE_METADATA_HOST: metadata.host });
  client = createRegistryClient({ clock: { now: () => now } });
  const found = await ambient.find({
    repository: { registry, path: 'app' },
    operation: { what: 'list tags', repository: registry },
    access: { insecure: false },
    signal: never,
  });
  await ambient.close();

  expect(found).toEqual({ kind: 'Nothing' });
});

test('an identity that is not there is asked for once a minute, by all who want it at once', async () => {
  open(['gcp'], { GCE_METADATA_HOST: metadata.host });
  const ask = () => Promise.allSettled(Array.from({ length: 5 }, () => list('gcr.io')));
  const questions = () => asked.filter((service) => service.startsWith('metadata')).length;
  services.set('gcr.io /v2/app/tags/list', (_, response) => sendJson(response, { tags: ['public'] }));

  const [first] = await ask();
  await ask();
  expect(first).toEqual({ status: 'fulfilled', value: ['public'] });
  expect(questions()).toBe(1);
  now = new Date(now.getTime() + 60_000);
  await ask();
  expect(questions()).toBe(2);
});

function identity(clouds: readonly Cloud[], variables: Variables) {
  const settings = { http: undefined, https: proxy.url, exempt: '' };
  return cloudIdentity({ clouds, variables, clock: { now: () => now }, proxy: settings });
}

function open(clouds: readonly Cloud[], variables: Variables): void {
  const settings = { http: undefined, https: proxy.url, exempt: '' };
  client = createRegistryClient({
    clock: { now: () => now },
    timeoutMs: 5_000,
    proxy: settings,
    ambient: [identity(clouds, variables)],
  });
}

function list(registry: string) {
  const access = { insecure: false, caBundle: authority.certificate };
  return client.listTags({ registry, path: 'app' }, access, never);
}

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}
