/** Names of folders and files inside a source. */
import { OperationError } from '../errors.ts';

const maxLength = 4_096;

/**
 * Reads a path as an App writes it: `deploy`, `./deploy/` and `/deploy` are the same, `.` and '' are the whole source.
 *
 * @returns parts with `/` between them, none at the ends; '' for the whole source
 * @throws REFERENCE_INVALID
 */
export function parseTreePath(text: string, field: string): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const path = parts.join('/');
  if (path !== '' && !isTreePath(path)) {
    const remedy = 'write a path inside the source, for example deploy/production, without ".." and control characters';
    const shown = text.slice(0, 128).replace(/\p{C}/gu, ' ');
    throw new OperationError(`${field}: "${shown}" is no path; ${remedy}`, {
      code: 'REFERENCE_INVALID',
      retry: 'never',
      context: { field },
    });
  }
  return path;
}

/** Whether it stays inside whatever folder it is written to, on any system; never for a path into `.git`. */
export function isTreePath(path: string): boolean {
  return path.length <= maxLength && !/[\p{Cc}\\\ufffd]/u.test(path) && path.split('/').every(isInner);
}

/** Whether a file is, or is below, a path that parseTreePath made. */
export function isBelow(file: string, path: string): boolean {
  return path === '' || file === path || file.startsWith(`${path}/`);
}

function isInner(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git';
}
