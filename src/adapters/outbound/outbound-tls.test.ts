/** Connections by TLS to real https servers: what each side demands of the other, and what is said when it is not met. */
import { TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { type Handler, type ServerTls, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { isOperationError } from '../../core/errors.ts';
import type { OutboundRequest } from '../../engine/ports/outbound.ts';
import { parseAllowance } from './allowance.ts';
import { createGuardedRequests, type GuardedRequests } from './guarded-requests.ts';

const day = 24 * 3_600_000;
const authority = createAuthority('test');
const people = createAuthority('people');
const formerly = createAuthority('test', new Date(Date.now() - 4_000 * day));
const later = createAuthority('test', new Date(Date.now() + 10 * day));
const here = authority.issue({ commonName: 'web', hosts: ['127.0.0.1'] });
const elsewhere = authority.issue({ commonName: 'web', hosts: ['web.example.com'] });
const ann = people.issue({ commonName: 'ann' });
const client = { certificate: ann.certificate, key: ann.key };

const opened: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

const whoAsks: Handler = ({ socket }, response) => {
  const { CN: name = 'nobody' } = (socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined) ?? {};
  response.end(name);
};

async function serve(tls: ServerTls, handler: Handler = whoAsks): Promise<TestServer> {
  const server = await startHttpServer(handler, tls);
  opened.push(() => server.stop());
  return server;
}

function open(): GuardedRequests {
  const allowance = parseAllowance(['127.0.0.0/8']);
  if ('wrong' in allowance) {
    throw new Error(allowance.wrong);
  }
  const apiServer = () => Promise.resolve([]);
  const outbound = createGuardedRequests({ allowance, apiServer, proxy: undefined, userAgent: 'headgate' });
  opened.push(() => outbound.close());
  return outbound;
}

type Asked = Partial<OutboundRequest> & { readonly url: string };

const ask = async (outbound: GuardedRequests, request: Asked) =>
  await outbound.send(
    { what: 'test', method: 'GET', caBundle: authority.certificate, ...request },
    AbortSignal.timeout(10_000),
  );

/** What came of it: `200 body`, or the error with its code. */
async function outcomeOf(request: Asked, outbound = open()): Promise<string> {
  try {
    const { status, body } = await ask(outbound, request);
    return `${status} ${body}`;
  } catch (error) {
    if (isOperationError(error)) {
      return `${error.code} ${error.message}`;
    }
    throw error;
  }
}

test.each<readonly [string, ServerTls, OutboundRequest['tls'], string]>([
  ['nothing special', here, undefined, '200 nobody'],
  ['a client certificate that is asked for', { ...here, clientAuthority: people.certificate }, { client }, '200 ann'],
  [
    'none where one is asked for',
    { ...here, clientAuthority: people.certificate },
    undefined,
    'OUTBOUND_UNREACHABLE test: HOST asks for a client certificate, and was given none (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)',
  ],
  [
    'none where one is asked for, of TLS 1.2',
    { ...here, clientAuthority: people.certificate, maxVersion: 'TLSv1.2' },
    undefined,
    'OUTBOUND_UNREACHABLE test: HOST ends the TLS handshake; it may ask for a client certificate (',
  ],
  [
    'a client certificate and the key of another',
    here,
    { client: { certificate: ann.certificate, key: people.issue({ commonName: 'bob' }).key } },
    'SECRET_INVALID test: tls.crt and tls.key of the client are no PEM certificate and the key to it',
  ],
  ['a client certificate that is none', here, { client: { certificate: 'x', key: 'y' } }, 'SECRET_INVALID'],
  [
    'a certificate for another name',
    elsewhere,
    undefined,
    'OUTBOUND_UNREACHABLE test: the certificate of HOST is for another name (IP: 127.0.0.1 is not in the cert',
  ],
  ['the name that it has', elsewhere, { serverName: 'web.example.com' }, '200 nobody'],
  [
    'a name that it does not have',
    elsewhere,
    { serverName: 'db.example.com' },
    "OUTBOUND_UNREACHABLE test: the certificate of HOST is for another name (Host: db.example.com. is not in the cert's altnames: DNS:web.example.com)",
  ],
  ['TLS 1.2 where that is good', { ...here, maxVersion: 'TLSv1.2' }, { minVersion: '1.2' }, '200 nobody'],
  [
    'TLS 1.2 where it is not',
    { ...here, maxVersion: 'TLSv1.2' },
    { minVersion: '1.3' },
    'OUTBOUND_UNREACHABLE test: HOST speaks no version of TLS that is good enough (',
  ],
])('%s', async (_, server, tls, expected) => {
  const { origin, host } = await serve(server);

  expect((await outcomeOf({ url: `${origin}/`, tls })).replaceAll(host, 'HOST')).toContain(expected);
});

test.each([
  ['has expired', formerly, 'has expired (CERT_HAS_EXPIRED)'],
  ['is not valid yet', later, 'is not valid yet (CERT_NOT_YET_VALID)'],
])('a certificate that %s', async (_, issuer, says) => {
  const { origin, host } = await serve(issuer.issue({ commonName: 'web', hosts: ['127.0.0.1'] }));

  expect(await outcomeOf({ url: origin, caBundle: issuer.certificate })).toBe(
    `OUTBOUND_UNREACHABLE test: the certificate of ${host} ${says}`,
  );
});

test('connections of one who shows a certificate serve nobody else', async () => {
  const { origin } = await serve({ ...here, clientAuthority: people.certificate });
  const outbound = open();

  expect(await outcomeOf({ url: origin, tls: { client } }, outbound)).toBe('200 ann');
  expect(await outcomeOf({ url: origin }, outbound)).toContain('asks for a client certificate');
});

test('where a redirect leads to another origin, the certificate of the client is not shown', async () => {
  const other = await serve({ ...here, clientAuthority: people.certificate });
  const first = await serve(here, (_, response) => void response.writeHead(307, { location: other.origin }).end());

  expect(await outcomeOf({ url: first.origin, tls: { client } })).toContain('asks for a client certificate');
});
