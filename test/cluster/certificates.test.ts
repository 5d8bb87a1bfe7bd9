import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority } from './certificates.ts';

test('an issued certificate names its subject and hosts and is signed by the authority', () => {
  const authority = createAuthority('test-ca');

  const issued = new X509Certificate(
    authority.issue({ commonName: 'admin', organization: 'system:masters', hosts: ['localhost', '127.0.0.1'] })
      .certificate,
  );

  expect(issued.subject).toBe('O=system:masters\nCN=admin');
  expect(issued.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
  expect(issued.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(issued.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
});

test('TLS with certificates on both sides is accepted, and by another authority refused', async () => {
  const authority = createAuthority('test-ca');
  const { certificate: cert, key } = authority.issue({ commonName: 'server', hosts: ['127.0.0.1'] });
  const server = createServer({ ca: authority.certificate, cert, key, requestCert: true });
  server.on('secureConnection', (socket: TLSSocket) => socket.end(`${socket.getPeerCertificate().subject.CN}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = authority.issue({ commonName: 'client' });
  const target = { host: '127.0.0.1', port, cert: client.certificate, key: client.key };

  const [name] = await once(connect({ ...target, ca: authority.certificate }), 'data');
  const stranger = connect({ ...target, ca: createAuthority('other').certificate });
  const [refusal] = await once(stranger, 'error');

  expect(String(name)).toBe('client');
  expect(refusal).toMatchObject({ code: expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED|SIGNATURE/) });
  server.close();
});
