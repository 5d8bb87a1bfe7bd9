/** Whether a version comes from a channel, and not from where its source is. */
import { OperationError } from '../core/errors.ts';
import type { CarriedFile, ImagePolicy } from '../core/policy/policy.ts';
import type { Version } from '../core/update/version-change.ts';
import type { CarriedFiles } from './ports/carried-files.ts';

/** Undefined: it does not. A former version, when an App goes back, is not the one that is pinned now. */
export function carriedFileOf(policy: ImagePolicy, version: Version): CarriedFile | undefined {
  return policy.kind === 'pinned' && policy.digest === version.digest ? policy.file : undefined;
}

/** @throws CHANNEL_UNREACHABLE in a command that has no channels */
export function carriedFiles({ carried }: { readonly carried?: CarriedFiles | undefined }): CarriedFiles {
  if (carried === undefined) {
    throw new OperationError('read a file of a channel: only the controller has what was verified of it', {
      code: 'CHANNEL_UNREACHABLE',
      retry: 'never',
    });
  }
  return carried;
}
