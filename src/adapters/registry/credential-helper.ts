/** Docker's credential helpers: `docker-credential-NAME get`, the server on standard input, JSON on standard output. */
import { type ExecFileException, execFile } from 'node:child_process';
import { OperationError } from '../../core/errors.ts';
import type { RegistryCredentials } from '../../engine/ports/registry.ts';
import { parseSecretJson } from './docker-auths.ts';
import { isRecord } from './failure.ts';

export interface HelperQuestion {
  /** What follows `docker-credential-`. */
  readonly helper: string;
  /** As docker login names it, e.g. `ghcr.io` or `https://index.docker.io/v1/`. */
  readonly server: string;
  /** Whole environment of the program, which is looked up in its PATH. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const maxOutputBytes = 65_536;
const maxMessageLength = 200;
/** What every helper says of a server that it does not know (credentials.NewErrCredentialsNotFound of docker-credential-helpers). */
const notFound = 'credentials not found in native keychain';
/** The user name by which a helper says that the secret is an identity token. */
const tokenUser = '<token>';

/**
 * Runs the helper once; bounded in time and output, and never through a shell.
 *
 * @returns undefined when it knows nothing of the server
 * @throws CREDENTIALS_UNUSABLE when it is missing, fails, is too slow, or answers something else; never with its output
 */
export async function askCredentialHelper(question: HelperQuestion): Promise<RegistryCredentials | undefined> {
  if (!/^[\w.-]{1,64}$/.test(question.helper)) {
    throw unusable(question, 'is no name of a helper; write for example "ecr-login"');
  }
  const output = await run(question);
  if (output === undefined) {
    return undefined;
  }
  const answer = parseSecretJson(output);
  const { Username: username, Secret: secret } = isRecord(answer) ? answer : {};
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw unusable(question, 'answers something else than JSON with Username and Secret');
  }
  if (secret === '') {
    return undefined;
  }
  return username === tokenUser
    ? { username: '', password: '', identityToken: secret }
    : { username, password: secret };
}

function run(question: HelperQuestion): Promise<string | undefined> {
  const { helper, server, environment, timeoutMs } = question;
  const options = {
    env: environment,
    timeout: timeoutMs,
    maxBuffer: maxOutputBytes,
    killSignal: 'SIGKILL' as const,
    encoding: 'utf8' as const,
    windowsHide: true,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(`docker-credential-${helper}`, ['get'], options, (error, stdout) => {
      if (error === null) {
        resolve(stdout);
      } else if (stdout.trim().startsWith(notFound)) {
        resolve(undefined);
      } else {
        reject(unusable(question, describeExit(question, error, stdout)));
      }
    });
    // A program that ends without reading closes the pipe; how it ended says enough.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(server);
  });
}

/** A helper that fails says why on standard output. The cause is left out on purpose: Node puts the whole output into such errors. */
function describeExit({ timeoutMs }: HelperQuestion, error: ExecFileException, stdout: string): string {
  if (error.code === 'ENOENT') {
    return 'is not installed: no such program in PATH';
  }
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    return `gives more than ${maxOutputBytes} bytes`;
  }
  if (error.killed) {
    return `gives no answer within ${timeoutMs / 1_000} s`;
  }
  const message = stdout.replace(/[\p{C}\s]+/gu, ' ').trim();
  const isTold = message !== '' && !message.startsWith('{');
  return `ends with ${error.code ?? 'a signal'}${isTold ? ` (${message.slice(0, maxMessageLength)})` : ''}`;
}

function unusable({ helper, server }: HelperQuestion, found: string): OperationError {
  return new OperationError(`credential helper "${helper.slice(0, 64)}" for ${server} ${found}`, {
    code: 'CREDENTIALS_UNUSABLE',
    retry: 'backoff',
    context: { helper: helper.slice(0, 64) },
  });
}
