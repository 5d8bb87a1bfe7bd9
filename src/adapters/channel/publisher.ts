/**
 * Fulfils the engine's ChannelPublisher: a repository of TUF in a store.
 *
 * Files are written from the leaves to the timestamp, and under names that nothing published yet has. So whoever reads meanwhile, and
 * whatever ends it half-way, finds the channel as the last timestamp says.
 */
import type { Lifetimes } from '../../core/channel/channel.ts';
import {
  checkSizes,
  indexPath,
  pathsOfRole,
  roleOfTarget,
  storedMetadata,
  storedTarget,
} from '../../core/channel/layout.ts';
import { OperationError } from '../../core/errors.ts';
import type {
  ChannelContent,
  ChannelPublisher,
  FileMark,
  Publication,
  PublishedNow,
} from '../../engine/ports/channel-publisher.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import { collectGarbage } from './collect-garbage.ts';
import { commitTimestamp, conflict, onTopOfOthers, showNewest } from './one-after-another.ts';
import { type Published, type PublishedRole, readPublished, readTargetFile } from './published.ts';
import { sha256Of, type Unsigned } from './signed-file.ts';
import { keyUnusable, type Signer } from './signer.ts';
import { maxEvidenceBytes, openStatements, signStatements } from './statements.ts';
import type { ChannelStore } from './store.ts';
import { type Current, type Put, writeUnlessSame } from './write-metadata.ts';

/** Who signs what; each has at least as many as the root asks for. */
export interface ChannelKeys {
  readonly targets: readonly Signer[];
  readonly snapshot: readonly Signer[];
  readonly timestamp: readonly Signer[];
}

export interface PublisherOptions {
  readonly store: ChannelStore;
  readonly keys: ChannelKeys;
  readonly lifetimes: Lifetimes;
  readonly clock: Clock;
}

/** Snapshots before the newest whose files stay, for those who are reading them. */
const keptSnapshots = 10;

export function createChannelPublisher(options: PublisherOptions): ChannelPublisher {
  const { store } = options;
  return {
    async addFile(path, bytes, signal) {
      const mark = markOf(bytes);
      const stored = storedTarget(path, mark.sha256);
      await onTopOfOthers(store, signal, async () => {
        if ((await store.read(stored, signal))?.length !== mark.length) {
          await store.write(stored, bytes, signal);
          await store.flush(signal);
        }
      });
      return mark;
    },
    async addStatements(path, statements, signal) {
      return await this.addFile(path, await signStatements(statements, options.keys.targets, signal), signal);
    },
    async readStatements(path, { length, sha256 }, signal) {
      store.renew();
      const bytes = await store.read(storedTarget(path, sha256), signal, maxEvidenceBytes);
      if (bytes === undefined) {
        return undefined;
      }
      if (bytes.length !== length || sha256Of(bytes) !== sha256) {
        throw new OperationError(`read ${path} of the channel: it is not what was put there`, {
          code: 'CHANNEL_UNTRUSTED',
          retry: 'backoff',
        });
      }
      return openStatements(
        bytes,
        options.keys.targets.map(({ key }) => key),
        path,
      );
    },
    async publish(compose, signal) {
      const publication = await onTopOfOthers(store, signal, async () => {
        await showNewest(store, signal);
        const published = await readPublished(store, signal);
        checkKeys(published, options.keys);
        const read: PublishedNow['read'] = (path) => readTargetFile(store, published, path, signal);
        const now = { root: published.root.signed.version, index: await read(indexPath), read };
        return await writeChannel({ ...options, published }, await compose(now), signal);
      });
      if (publication.changed) {
        await onTopOfOthers(store, signal, () =>
          collectGarbage(store, { keptSnapshots, orphansBefore: undefined }, signal),
        );
      }
      return publication;
    },
  };
}

function markOf(bytes: Uint8Array): FileMark {
  return { length: bytes.length, sha256: sha256Of(bytes) };
}

function checkKeys({ root }: Published, keys: ChannelKeys): void {
  for (const [name, signers] of Object.entries(keys)) {
    const { keyIDs = [], threshold = 1 } = root.signed.roles[name] ?? {};
    const known = signers.filter(({ key }: Signer) => keyIDs.includes(key.keyID));
    if (known.length < threshold) {
      throw keyUnusable(
        `the root of the channel asks for ${threshold} of its ${keyIDs.length} keys of role ${name}, and ${known.length} of the ${signers.length} given are among them`,
      );
    }
  }
}

interface Work extends PublisherOptions {
  readonly published: Published;
}

async function writeChannel(work: Work, content: ChannelContent, signal: AbortSignal): Promise<Publication> {
  const { store, published } = work;
  const marks = await writeFiles(store, content, signal);
  const roles = await writeRoles(work, marks, signal);
  const targets = await writeTargets(work, [...roles.keys()], signal);
  const snapshot = await writeSnapshot(work, { targets, roles }, signal);
  const timestamp = await writeTimestamp(work, snapshot, signal);
  if (timestamp.isNew) {
    await store.write('graph.json', Buffer.from(`${JSON.stringify(content.graph, undefined, 2)}\n`), signal);
    await store.flush(signal);
  }
  return {
    changed: timestamp.isNew,
    snapshot: snapshot.version,
    expires: new Date(timestamp.expires),
    rootExpires: new Date(published.root.signed.expires),
  };
}

/** The files themselves, which nothing names yet. */
async function writeFiles(
  store: ChannelStore,
  { files, added }: ChannelContent,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FileMark>> {
  const marks = new Map(added);
  for (const [path, bytes] of files) {
    const mark = markOf(bytes);
    const stored = storedTarget(path, mark.sha256);
    if ((await store.read(stored, signal))?.length !== mark.length) {
      await store.write(stored, bytes, signal);
    }
    marks.set(path, mark);
  }
  return marks;
}

async function writeRoles(
  work: Work,
  marks: ReadonlyMap<string, FileMark>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Current>> {
  const byRole = new Map<string, string[]>();
  // A role that a snapshot named once has to be in all that follow.
  for (const role of work.published.roles.keys()) {
    byRole.set(role, []);
  }
  for (const path of marks.keys()) {
    const role = roleOfTarget(path);
    byRole.set(role, [...(byRole.get(role) ?? []), path]);
  }
  checkSizes(byRole);
  const written = new Map<string, Current>();
  for (const [role, paths] of [...byRole].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const targets = Object.fromEntries(paths.toSorted().map((path) => [path, targetOf(marks.get(path))]));
    const present = work.published.roles.get(role);
    written.set(role, await writeRole(work, { role, present, content: { targets } }, signal));
  }
  return written;
}

function targetOf(mark: FileMark | undefined) {
  return { length: mark?.length ?? 0, hashes: { sha256: mark?.sha256 ?? '' } };
}

/** Top-level targets: only who signs what. */
async function writeTargets(work: Work, roles: readonly string[], signal: AbortSignal): Promise<Current> {
  const { keys, published } = work;
  const { threshold = 1 } = published.root.signed.roles['targets'] ?? {};
  const delegations = {
    keys: Object.fromEntries(keys.targets.map(({ key }) => [key.keyID, key.toJSON()])),
    roles: roles.map((name) => ({
      ...{ name, threshold },
      keyids: keys.targets.map(({ key }) => key.keyID),
      terminating: true,
      paths: [...pathsOfRole(name)],
    })),
  };
  const content = { targets: {}, delegations };
  return await writeRole(work, { role: 'targets', present: published.targets, content }, signal);
}

interface RoleContent {
  readonly role: string;
  readonly present: PublishedRole | undefined;
  readonly content: Omit<Unsigned, 'version' | 'expires'>;
}

async function writeRole(work: Work, { role, present, content }: RoleContent, signal: AbortSignal): Promise<Current> {
  const { keys, lifetimes } = work;
  const former = present && { ...present, ...present.metadata, content: contentOf(present.metadata.signed.toJSON()) };
  const file = { kind: 'targets', name: role, signers: keys.targets, lifetimeMs: lifetimes.targetsMs } as const;
  return await writeUnlessSame(work, { ...file, former, content }, signal);
}

async function writeSnapshot(
  work: Work,
  { targets, roles }: { readonly targets: Current; readonly roles: ReadonlyMap<string, Current> },
  signal: AbortSignal,
): Promise<Current> {
  const { keys, lifetimes, published } = work;
  const meta = Object.fromEntries(
    [...roles, ['targets', targets] as const].map(([role, file]) => [`${role}.json`, metaOf(file)]),
  );
  const present = published.snapshot;
  const named = published.timestamp?.signed.snapshotMeta;
  const former = present && {
    ...present,
    content: contentOf(present.signed.toJSON()),
    length: named?.length ?? 0,
    sha256: named?.hashes?.['sha256'] ?? '',
  };
  const file = {
    kind: 'snapshot',
    name: 'snapshot',
    signers: keys.snapshot,
    lifetimeMs: lifetimes.snapshotMs,
  } as const;
  return await writeUnlessSame(work, { ...file, former, content: { meta } }, signal);
}

async function writeTimestamp(work: Work, snapshot: Current, signal: AbortSignal): Promise<Current> {
  const { keys, lifetimes, published, store } = work;
  const present = published.timestamp;
  const former = present && { ...present, content: contentOf(present.signed.toJSON()), length: 0, sha256: '' };
  const content = { meta: { 'snapshot.json': metaOf(snapshot) } };
  const file = {
    kind: 'timestamp',
    name: 'timestamp',
    signers: keys.timestamp,
    lifetimeMs: lifetimes.timestampMs,
  } as const;
  const commit: Put = async (version, bytes) => {
    await requireSameRoot(work, signal);
    await commitTimestamp(store, { version, bytes }, signal);
    return true;
  };
  return await writeUnlessSame(work, { ...file, former, content }, signal, commit);
}

/** What was signed with keys that were taken out of service meanwhile would be believed by nobody. */
async function requireSameRoot({ store, published }: Work, signal: AbortSignal): Promise<void> {
  const next = published.root.signed.version + 1;
  if ((await store.read(storedMetadata('root', next), signal)) !== undefined) {
    throw conflict(store, `root ${next} is there`);
  }
}

function metaOf({ version, length, sha256 }: Current) {
  return { version, length, hashes: { sha256 } };
}

/** Without what every file has. */
function contentOf({ _type, spec_version, version, expires, ...content }: Readonly<Record<string, unknown>>) {
  return content;
}
