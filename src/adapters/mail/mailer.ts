/** Fulfils the engine's Mailer with nodemailer: one connection a letter, since there are few. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { NoticeLetter } from '../../core/notify/requests.ts';
import type { Mailer } from '../../engine/ports/mailer.ts';

export interface MailerOptions {
  /**
   * The address of a server that may be connected to.
   *
   * @throws OUTBOUND_REFUSED, OUTBOUND_UNREACHABLE
   */
  readonly addressOf: (host: string, port: number, signal: AbortSignal) => Promise<string>;
}

const submissionPort = 587;
const smtpsPort = 465;
const timeoutMs = 15_000;

export function createMailer({ addressOf }: MailerOptions): Mailer {
  return {
    async send(letter, signal) {
      const { host, port, secure, plain } = serverOf(letter.server);
      const address = await addressOf(host, port, signal);
      // Its tables cost every process that sends no mail more than a MiB.
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({
        ...{ host: address, port, secure },
        // A password must not go over a line that anybody can read.
        ...(secure || plain ? {} : { requireTLS: true }),
        ...(plain ? { ignoreTLS: true } : {}),
        tls: { servername: host, ...(letter.caBundle === undefined ? {} : { ca: letter.caBundle }) },
        ...loginOf(letter),
        ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        const { from, to, subject, text, html, messageId } = letter;
        await transport.sendMail({ from, to: [...to], subject, text, html, messageId });
      } catch (error) {
        throw failureOf(error, host);
      } finally {
        transport.close();
      }
    },
  };
}

function loginOf({ username, password }: NoticeLetter) {
  return username === undefined || password === undefined ? {} : { auth: { user: username, pass: password } };
}

/** `smtp` has to offer TLS, `smtps` begins with it, `smtp+plain` does without, for a server on the same machine. */
function serverOf(text: string): {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly plain: boolean;
} {
  const [, scheme = '', rest = ''] = /^(smtp|smtps|smtp\+plain):\/\/(.+)$/.exec(text) ?? [];
  const url = URL.parse(`http://${rest}`);
  if (scheme === '' || url === null || url.username !== '' || url.password !== '') {
    throw new OperationError(
      'the Secret of the channel has no server under "address"; write for example smtp://mail:587',
      {
        code: 'SECRET_INVALID',
        retry: 'backoff',
      },
    );
  }
  const usual = scheme === 'smtps' ? smtpsPort : submissionPort;
  // The port of http is left out by URL.
  const port =
    url.port === '' && !/:80$/.test(url.pathname === '/' ? rest.replace(/\/$/, '') : rest)
      ? usual
      : Number(url.port || 80);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port, secure: scheme === 'smtps', plain: scheme === 'smtp+plain' };
}

/** What the server said may hold the address of the recipient, and nothing of the login. */
function failureOf(error: unknown, host: string): unknown {
  if (isOperationError(error) || !(error instanceof Error)) {
    return error;
  }
  const { code = '', responseCode } = error as Error & { readonly code?: string; readonly responseCode?: number };
  const said = responseCode === undefined ? code : `${responseCode}`;
  const isAnswer = responseCode !== undefined;
  return new OperationError(`send a letter by ${host}: ${said || 'it failed'}`, {
    code: isAnswer ? 'OUTBOUND_ANSWER_INVALID' : 'OUTBOUND_UNREACHABLE',
    retry: 'backoff',
  });
}
