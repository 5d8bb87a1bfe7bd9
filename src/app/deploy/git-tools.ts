/** The git program and the client of forges, for as long as a runtime works. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createForgeClient } from '../../adapters/forge/forge-client.ts';
import { createGitWriter } from '../../adapters/git/git-writer.ts';
import type { Forge } from '../../engine/ports/forge.ts';
import type { GitWriter } from '../../engine/ports/git-writer.ts';
import type { PlaceGuard } from '../../network/place-guard.ts';

/**
 * Neither needs anything before it is used: no folder, no connection.
 *
 * @param searchPath where git and ssh are, as in PATH
 */
export function createGitTools(
  searchPath: string,
  guard: PlaceGuard,
  signal: AbortSignal,
): { readonly writer: GitWriter; readonly forge: Forge } {
  const privateFolder = join(tmpdir(), `headgate-git-${randomUUID()}`);
  const forge = createForgeClient(guard);
  const end = () => {
    // Whoever stops has no use for an error of it; the folder is temporary anyway.
    forge.destroy().catch(() => undefined);
    rm(privateFolder, { recursive: true, force: true }).catch(() => undefined);
  };
  signal.addEventListener('abort', end, { once: true });
  return { writer: createGitWriter({ privateFolder, environment: { PATH: searchPath }, guard }), forge };
}
