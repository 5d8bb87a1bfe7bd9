/** Where a git repository is fetched from. */
import { OperationError } from '../errors.ts';

export interface GitUrl {
  /** As written; holds no credential, and nothing that git would take for an option. */
  readonly text: string;
  readonly scheme: 'https' | 'http' | 'ssh' | 'file';
}

const maxLength = 2_048;
const schemes: readonly GitUrl['scheme'][] = ['https', 'http', 'ssh', 'file'];
/** Neither a quote nor a blank nor a dash in front of host, user and path: git hands them to ssh. */
const scpForm = /^(?:\w[\w.+-]*@)?\w[\w.-]*:(?!-|\/\/)[^:]+$/;
const hostForm = /^(?:\w[\w.-]*|\[[0-9a-f:.]+\])$/i;
const userForm = /^\w[\w.+-]*$/;
const pathForm = /^\/(?!-)/;

/**
 * Reads `https://host/path`, `http://...`, `ssh://user@host:port/path`, `user@host:path` and `file:///path`.
 *
 * @throws REFERENCE_INVALID; the message never holds a password that was written into the URL
 */
export function parseGitUrl(text: string): GitUrl {
  if (text.length > maxLength || /[\p{C}\s'"\\$`]/u.test(text)) {
    throw invalid(text, `it has blanks, quotes or more than ${maxLength} characters`);
  }
  if (!text.includes('://')) {
    if (!scpForm.test(text)) {
      throw invalid(text, 'write https://host/org/repo, ssh://git@host/org/repo or git@host:org/repo');
    }
    return { text, scheme: 'ssh' };
  }
  const url = URL.parse(text);
  const scheme = schemes.find((one) => text.startsWith(`${one}://`));
  if (url === null || scheme === undefined) {
    throw invalid(text, 'write a URL that begins with https://, ssh:// or file://');
  }
  checkParts(text, scheme, url);
  return { text, scheme };
}

function checkParts(text: string, scheme: GitUrl['scheme'], url: URL): void {
  if (url.password !== '' || (scheme !== 'ssh' && url.username !== '')) {
    throw invalid(text, 'credentials do not belong into a URL; put them into a Secret and name it as secretRef');
  }
  if (url.username !== '' && !userForm.test(url.username)) {
    throw invalid(text, 'its user has characters that no user name has');
  }
  if (scheme === 'file' ? url.hostname !== '' : !hostForm.test(url.hostname)) {
    throw invalid(text, scheme === 'file' ? 'a file has no host; write file:///path' : 'its host is not valid');
  }
  if (!pathForm.test(url.pathname) || url.pathname === '/' || url.search !== '' || url.hash !== '') {
    throw invalid(text, 'its path is missing, or begins with a dash, or has "?" or "#"');
  }
}

function invalid(text: string, remedy: string): OperationError {
  const shown = text
    .replace(/\/\/[^/@]*@/, '//***@')
    .replace(/\p{C}/gu, ' ')
    .slice(0, 128);
  return new OperationError(`read git URL "${shown}": ${remedy}`, {
    code: 'REFERENCE_INVALID',
    retry: 'never',
    context: { url: shown },
  });
}
