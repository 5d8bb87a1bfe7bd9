/**
 * Which files of a repository box/kube-applier applies (its applylist/factory.go), so that a repository made for it is read
 * the same way. Paths are relative to REPO_PATH, with `/` between folders.
 */

export interface FileLists {
  /** Files that are never applied. */
  readonly blacklist: readonly string[];
  /** When not empty: the only files that are applied. */
  readonly whitelist: readonly string[];
}

/** A path a line; empty lines and those that begin with `#` say nothing. */
export function parseFileList(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map(normalizePath).toSorted(byCodeUnit);
}

/**
 * The files to apply, sorted: those that end in `.json` or `.yaml` (not `.yml`), are not in the blacklist, and are in the whitelist
 * where there is one.
 */
export function chooseFiles(files: readonly string[], { blacklist, whitelist }: FileLists): readonly string[] {
  const excluded = new Set(blacklist);
  const included = new Set(whitelist);
  return files
    .map(normalizePath)
    .filter((path) => /\.(json|yaml)$/.test(path) && !excluded.has(path) && (included.size === 0 || included.has(path)))
    .toSorted(byCodeUnit);
}

/** As Go's path.Join writes a path below another: `./a//b/../c.yaml` and `/a/c.yaml` are `a/c.yaml`. */
function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return parts.join('/');
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
