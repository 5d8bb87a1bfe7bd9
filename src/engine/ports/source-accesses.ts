/** How sources are reached that are no registries: from the Secrets that an App names. */
import type { ChartSource, GitSource } from '../../core/app/sources.ts';
import type { GitAccess } from './git.ts';
import type { RegistryAccess } from './registry.ts';

/**
 * Reads the Secrets once and again after `forget`, all of them in the namespace of the App.
 *
 * Every method throws SECRET_NOT_FOUND, SECRET_INVALID; `context.field` names the field of the source: `secretRef` or `certSecretRef`.
 */
export interface SourceAccesses {
  /** Of a repository with an index; charts in a registry are reached as images are. */
  chartAccess(namespace: string, source: ChartSource, signal: AbortSignal): Promise<RegistryAccess>;
  gitAccess(namespace: string, source: GitSource, signal: AbortSignal): Promise<GitAccess>;
  /** What was given did not do; a Secret may have been renewed since it was read. */
  forget(namespace: string, source: ChartSource | GitSource): void;
}
