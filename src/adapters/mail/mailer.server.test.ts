/** Letters through a real SMTP server (smtp-server), with and without TLS. */

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, expect, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { openOutbound } from '../../../test/servers/open-outbound.ts';
import type { NoticeLetter } from '../../core/notify/requests.ts';
import { createMailer } from './mailer.ts';

const signal = new AbortController().signal;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) {
    await end();
  }
});

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly user: string | undefined;
  readonly secure: boolean;
}

async function startSmtp(options: SMTPServerOptions) {
  const received: Received[] = [];
  const server = new SMTPServer({
    logger: false,
    ...options,
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        received.push({ from, to, text, user: session.user, secure: session.secure });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  const address = server.server.address();
  return { received, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

function mailer() {
  const outbound = openOutbound();
  ends.push(() => outbound.close());
  return createMailer({ addressOf: outbound.addressOf });
}

function letter(server: string, fields: Partial<NoticeLetter> = {}): NoticeLetter {
  return {
    ...{ kind: 'Letter', server, username: undefined, password: undefined, caBundle: undefined },
    ...{ from: 'headgate@example.com', to: ['ann@example.com', 'bob@example.com'], subject: 'web RolledBack' },
    ...{ text: 'crashes', html: '<p>crashes</p>', messageId: '<id@headgate.dev>', ...fields },
  } as NoticeLetter;
}

test('without TLS, where that is asked for', async () => {
  const { port, received } = await startSmtp({ authOptional: true, disabledCommands: ['STARTTLS'] });

  await mailer().send(letter(`smtp+plain://127.0.0.1:${port}`), signal);

  expect(received).toMatchObject([
    { from: 'headgate@example.com', to: ['ann@example.com', 'bob@example.com'], secure: false },
  ]);
  expect(received[0]?.text).toMatch(/Subject: web RolledBack/);
  expect(received[0]?.text).toMatch(/Message-ID: <id@headgate.dev>/);
});

test('with a login, only over TLS that the bundle vouches for', async () => {
  const authority = createAuthority('authority of the test');
  const { certificate, key } = authority.issue({ commonName: 'mail', hosts: ['localhost', '127.0.0.1'] });
  const { port, received } = await startSmtp({
    cert: certificate,
    key,
    onAuth: ({ username, password }, _session, done) =>
      password === 'pass' ? done(null, { user: username ?? '' }) : done(new Error('no')),
  });
  const login = { username: 'headgate', password: 'pass', caBundle: authority.certificate };

  await mailer().send(letter(`smtp://localhost:${port}`, login), signal);

  expect(received).toMatchObject([{ user: 'headgate', secure: true }]);
  await expect(
    mailer().send(letter(`smtp://localhost:${port}`, { ...login, caBundle: undefined }), signal),
  ).rejects.toThrow(/^send a letter by localhost: /);
  const wrong = mailer().send(letter(`smtp://localhost:${port}`, { ...login, password: 'wrong' }), signal);
  await expect(wrong).rejects.toThrow('send a letter by localhost: 535');
  await expect(wrong).rejects.not.toThrow('wrong');
});

test('a server without TLS is given no letter unless that is asked for', async () => {
  const { port, received } = await startSmtp({ authOptional: true, disabledCommands: ['STARTTLS'] });

  await expect(mailer().send(letter(`smtp://127.0.0.1:${port}`), signal)).rejects.toThrow('send a letter by 127.0.0.1');
  expect(received).toEqual([]);
});

test.each([
  ['http://mail:25', 'has no server under "address"'],
  ['smtp://user:pass@mail:25', 'has no server under "address"'],
  ['smtp://169.254.169.254:25', '169.254.169.254 is a link-local or metadata address'],
])('%s is refused: %s', async (server, problem) => {
  await expect(mailer().send(letter(server), signal)).rejects.toThrow(problem);
});
