/** What a look at a channel came to, read from the files that were verified in it. */
import { type Key, Metadata, MetadataKind } from '@tufjs/models';
import { releasesRole } from '../../core/channel/layout.ts';
import type { ChannelView, TrustedFiles } from '../../engine/ports/channel-reader.ts';

export interface Seen {
  readonly view: Omit<ChannelView, 'read' | 'readStatements'>;
  /** Those that may sign Releases and their evidence. */
  readonly keys: readonly Key[];
  /** When the first of the files expires, which then has to be told. */
  readonly until: Date;
}

/** Throws where a file is missing or is no metadata, which what was verified never is. */
export function seenIn(trusted: TrustedFiles): Seen {
  const timestamp = Metadata.fromJSON(MetadataKind.Timestamp, jsonOf(trusted, 'timestamp')).signed;
  const { version, roles, keys: all } = Metadata.fromJSON(MetadataKind.Root, jsonOf(trusted, 'root')).signed;
  const keys = (roles['targets']?.keyIDs ?? []).map((id) => all[id]).filter((key) => key !== undefined);
  const ends = ['root', 'timestamp', 'snapshot', 'targets', releasesRole].map((role) => expiryOf(trusted, role));
  return {
    view: { trusted, root: version, timestamp: timestamp.version, expires: new Date(timestamp.expires) },
    keys,
    until: new Date(Math.min(...ends)),
  };
}

/** A file that says nothing of it counts as expired, so that it is verified at each look. */
function expiryOf(trusted: TrustedFiles, role: string): number {
  const bytes = trusted.get(role);
  const file: { readonly signed?: { readonly expires?: string } } = bytes === undefined ? {} : jsonOf(trusted, role);
  const at = Date.parse(file.signed?.expires ?? '');
  return Number.isNaN(at) ? 0 : at;
}

function jsonOf(trusted: TrustedFiles, role: string) {
  return JSON.parse(Buffer.from(trusted.get(role) ?? new Uint8Array()).toString('utf8'));
}
