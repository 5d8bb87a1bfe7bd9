/** Charts and manifests that a channel carries, for the Apps of Subscriptions. */
import type { CarriedFile } from '../../core/policy/policy.ts';
import type { SourceTree } from './source-tree.ts';

export interface CarriedFiles {
  /**
   * A file of the channel, as it was signed.
   *
   * @param namespace of the App; the Subscription has to put Apps there
   * @throws CHANNEL_UNREACHABLE, also before the channel was looked at; CHANNEL_INVALID, CHANNEL_UNTRUSTED
   */
  read(file: CarriedFile, namespace: string, signal: AbortSignal): Promise<Buffer>;
  /** The files that one of manifests holds. @throws as read; ARTIFACT_INVALID for what is no archive, or leads out of it */
  readTree(file: CarriedFile, namespace: string, signal: AbortSignal): Promise<SourceTree>;
}
