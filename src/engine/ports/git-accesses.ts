/** Credentials for git and forges, from Secrets of the App's namespace. Read each time: they are used a few times an Update. */
import type { GitAccess } from './git.ts';
import type { CommitSignature } from './git-writer.ts';

export interface ForgeToken {
  readonly token: string;
  readonly caBundle: string | undefined;
}

/** @throws SECRET_NOT_FOUND, SECRET_INVALID naming the Secret and the key, never a value */
export interface GitAccesses {
  /** @param secret anonymous when undefined */
  accessFor(namespace: string, secret: string | undefined, signal: AbortSignal): Promise<GitAccess>;
  tokenFor(namespace: string, secret: string | undefined, signal: AbortSignal): Promise<ForgeToken>;
  /** @param secret not signed when undefined */
  signatureFor(
    namespace: string,
    secret: string | undefined,
    signal: AbortSignal,
  ): Promise<CommitSignature | undefined>;
}
