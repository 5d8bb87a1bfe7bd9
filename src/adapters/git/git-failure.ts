/** How a git process ended, as errors of ours. */
import { type ErrorCode, OperationError } from '../../core/errors.ts';
import type { GitCredentials, GitRemote } from '../../engine/ports/git.ts';

export type GitEnding =
  | {
      readonly kind: 'Exited';
      /** -1 when a signal ended it. */
      readonly code: number;
      readonly killedBy: string | null;
      readonly output: Buffer;
      readonly errors: Buffer;
    }
  | { readonly kind: 'TooSlow'; readonly timeoutMs: number }
  | { readonly kind: 'TooMuchOutput'; readonly maxBytes: number }
  | { readonly kind: 'Aborted' };

/** What an error needs to know of what was tried. */
export interface Attempt {
  readonly what: string;
  readonly remote?: GitRemote;
}

type GitCode = Extract<ErrorCode, 'GIT_UNREACHABLE' | 'GIT_DENIED' | 'GIT_NOT_FOUND' | 'GIT_UNUSABLE'>;

/**
 * git ends with 128 whatever is wrong, so only its messages (in English, by LC_ALL=C) tell. The first line that fits counts; what
 * none fits is GIT_UNUSABLE and shown as it is.
 */
const signs: readonly { readonly code: GitCode; readonly sign: RegExp; readonly remedy?: string }[] = [
  {
    code: 'GIT_DENIED',
    sign: /host key verification failed|host key is known|no matching host key/i,
    remedy:
      'put the host key of the server into known_hosts of the Secret (ssh-keyscan HOST), after you have compared it',
  },
  {
    code: 'GIT_DENIED',
    sign: /permission denied|authentication failed|could not read (?:username|password)|returned error: 40[13]|invalid format|incorrect passphrase/i,
    remedy: 'the credentials are missing or do not open it',
  },
  {
    code: 'GIT_NOT_FOUND',
    sign: /not our ref|unadvertised object|couldn't find remote ref/i,
    remedy: 'the server does not have it any more, or does not give single commits away',
  },
  {
    code: 'GIT_NOT_FOUND',
    sign: /repository .*not found|not found|does not exist|does not appear to be a git repository|returned error: (?:404|410)/i,
  },
  {
    code: 'GIT_UNREACHABLE',
    sign: /could not resolve|connection (?:refused|reset|timed out|closed)|couldn't connect|failed to connect|no route to host|network is unreachable|timed out|too slow|returned error: (?:408|429|5\d\d)|empty reply|hung up unexpectedly|unexpected disconnect|early eof|ssl|tls|certificate/i,
  },
  { code: 'GIT_UNUSABLE', sign: /file too large/i, remedy: 'the pack is larger than the bound' },
  {
    code: 'GIT_UNUSABLE',
    sign: /redirect|returned error: 30\d/i,
    remedy: 'the server redirects, and credentials are not taken elsewhere; write the URL that it leads to',
  },
];

const maxShown = 300;

export function describeGitFailure(attempt: Attempt, ending: GitEnding): OperationError {
  switch (ending.kind) {
    case 'TooSlow':
      return gitError(attempt, 'GIT_UNREACHABLE', `no whole answer within ${ending.timeoutMs / 1_000} s`);
    case 'TooMuchOutput':
      return gitError(attempt, 'GIT_UNUSABLE', `the answer has more than ${ending.maxBytes} bytes`);
    case 'Aborted':
      return gitError(attempt, 'GIT_UNREACHABLE', 'it was given up');
    case 'Exited':
      return describeExit(attempt, ending);
  }
}

export function gitError(attempt: Attempt, code: GitCode, line: string): OperationError {
  const { url } = attempt.remote ?? {};
  return new OperationError(`${attempt.what}: ${line}`, {
    code,
    retry: 'backoff',
    context: url === undefined ? {} : { url: url.text },
  });
}

function describeExit(attempt: Attempt, { code, killedBy, errors }: GitEnding & { kind: 'Exited' }): OperationError {
  const text = redact(errors.toString('utf8').replace(/[^\P{C}\n]+/gu, ' '), attempt.remote?.access.credentials);
  if (killedBy === 'SIGXFSZ') {
    return gitError(attempt, 'GIT_UNUSABLE', 'the pack is larger than the bound');
  }
  const known = signs.find(({ sign }) => sign.test(text));
  const shown = linesThatTell(text) || (killedBy === null ? `git ended with ${code}` : `git ended by ${killedBy}`);
  return gitError(
    attempt,
    known?.code ?? 'GIT_UNUSABLE',
    known?.remedy === undefined ? shown : `${shown}; ${known.remedy}`,
  );
}

/** The lines in which git, or the server, says what is wrong; the last ones otherwise. */
function linesThatTell(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:hint|warning|cloning into)/i.test(line));
  const telling = lines.filter((line) => /^(?:fatal|error|remote|ssh|ERROR)\b/.test(line));
  return (telling.length > 0 ? telling : lines)
    .slice(0, 2)
    .map((line) => line.replace(/^(?:fatal|error|ERROR): /, ''))
    .join('; ')
    .slice(0, maxShown);
}

function redact(text: string, credentials: GitCredentials | undefined): string {
  return secretsOf(credentials)
    .filter((secret) => secret !== '')
    .reduce((cleaned, secret) => cleaned.replaceAll(secret, '[redacted]'), text);
}

function secretsOf(credentials: GitCredentials | undefined): readonly string[] {
  switch (credentials?.kind) {
    case 'Basic':
      return [credentials.password, Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')];
    case 'Bearer':
      return [credentials.token];
    case 'SshKey':
      return credentials.passphrase === undefined ? [] : [credentials.passphrase];
    case undefined:
      return [];
  }
}
