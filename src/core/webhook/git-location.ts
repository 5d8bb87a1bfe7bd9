/** Where a git repository is, whatever way leads there. */
export interface GitLocation {
  /** In lower case, without user and port. */
  readonly host: string;
  /** Without the first slash and `.git`. */
  readonly path: string;
}

const schemes: ReadonlySet<string> = new Set(['http:', 'https:', 'ssh:', 'git:', 'git+ssh:']);
const longestUrl = 2_048;
const scpForm = /^(?:[^@:/\s]+@)?([^@:/\s]+):([^:\s]+)$/;

/**
 * Reads `https://host/path.git`, `ssh://git@host:22/path.git` and `git@host:path.git`, so that https and ssh of one
 * repository are the same; undefined for anything else.
 */
export function parseGitLocation(url: string): GitLocation | undefined {
  if (url.length > longestUrl) {
    return undefined;
  }
  if (URL.canParse(url) && url.includes('://')) {
    const { protocol, hostname, pathname } = new URL(url);
    return schemes.has(protocol) ? locate(hostname, pathname) : undefined;
  }
  const [, host, path] = scpForm.exec(url) ?? [];
  return host === undefined || path === undefined ? undefined : locate(host, path);
}

function locate(host: string, path: string): GitLocation | undefined {
  const trimmed = path
    .replace(/^\/+/, '')
    .replace(/\/$/, '')
    .replace(/\.git$/, '');
  return host === '' || trimmed === '' ? undefined : { host: host.toLowerCase(), path: trimmed };
}
