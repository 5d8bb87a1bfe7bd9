/** `headgate channel init`, `keys`, `rotate`, `sign`, `publish-root`: what people do with the root of a channel. */
import { readFile, writeFile } from 'node:fs/promises';
import { newestRoot } from '../../adapters/channel/published.ts';
import {
  makeRoot,
  planOf,
  publishRoot,
  type RootPlan,
  type RootRole,
  rootRoles,
  signRoot,
} from '../../adapters/channel/root-ceremony.ts';
import { sha256Of } from '../../adapters/channel/signed-file.ts';
import { type Signer, signerOfPem } from '../../adapters/channel/signer.ts';
import type { ChannelStore } from '../../adapters/channel/store.ts';
import { systemClock } from '../../kube/clock.ts';
import { type KeyFolder, makeKeys, readAllSigners, readSigners } from './key-folder.ts';

export interface InitRequest {
  readonly store: ChannelStore;
  readonly keys: KeyFolder;
  /** Keys of the root that are made, and how many of them have to sign. */
  readonly rootKeys: number;
  readonly rootThreshold: number;
  /** Of the root. */
  readonly lifetimeDays: number;
}

/**
 * A new channel without Releases, and new keys where there are none yet.
 *
 * @throws KEY_UNUSABLE, CHANNEL_STORE_UNUSABLE, CHANNEL_INVALID where there is a channel already
 */
export async function initChannel(request: InitRequest, signal: AbortSignal): Promise<readonly string[]> {
  const existing = await readSigners('root', request.keys).catch(() => []);
  const made = existing.length > 0 ? [] : await makeKeys(request.keys.path, request.rootKeys);
  const signers = await readAllSigners(request.keys);
  const plan = planWith(signers, expiryOf(request), request.rootThreshold);
  const root = await makeRoot(plan, undefined, signers.root, signal);
  const { store } = request;
  const present = await store.read('1.root.json', signal);
  // Nobody could follow from a root that was handed out to another one of the same number.
  await publishRoot(store, root, present && (await newestRoot(store, signal)).metadata, signal);
  return [
    ...made.map((file) => `made ${file}`),
    `made the channel in ${store.place}; hand out root.json, whose sha256 is ${root.sha256}`,
  ];
}

const dayMs = 24 * 3_600_000;

function expiryOf({ lifetimeDays }: { readonly lifetimeDays: number }): Date {
  return new Date(systemClock.now().getTime() + lifetimeDays * dayMs);
}

function planWith(
  signers: Readonly<Record<RootRole, readonly Signer[]>>,
  expires: Date,
  rootThreshold: number,
): RootPlan {
  const role = (name: RootRole, threshold: number) => ({ keys: signers[name].map(({ key }) => key), threshold });
  const roles = {
    root: role('root', rootThreshold),
    targets: role('targets', 1),
    snapshot: role('snapshot', 1),
    timestamp: role('timestamp', 1),
  };
  return { roles, expires };
}

/** One line for each key: role, threshold, name, scheme. @throws CHANNEL_STORE_UNUSABLE */
export async function listKeys(store: ChannelStore, signal: AbortSignal): Promise<readonly string[]> {
  const { metadata, bytes } = await newestRoot(store, signal);
  const { roles } = planOf(metadata);
  const { version, expires } = metadata.signed;
  const keys = rootRoles.flatMap((role) =>
    roles[role].keys.map(
      ({ keyID, scheme }) => `${role} (${roles[role].threshold} of ${roles[role].keys.length}) ${keyID} ${scheme}`,
    ),
  );
  return [`root ${version}, expires ${expires}, sha256 ${sha256Of(bytes)}`, ...keys];
}

export interface RotateRequest {
  readonly store: ChannelStore;
  /** With keys of the root as it is. */
  readonly keys: KeyFolder;
  /** With the keys that come; a role without any keeps its own. */
  readonly newKeys: KeyFolder | undefined;
  /** Of the root. */
  readonly lifetimeDays: number;
  /** Where the root goes that others still have to sign; undefined: into the channel. */
  readonly out: string | undefined;
}

/** @throws KEY_UNUSABLE where signatures are missing and `out` is not given; CHANNEL_STORE_UNUSABLE */
export async function rotateRoot(request: RotateRequest, signal: AbortSignal): Promise<string> {
  const { store } = request;
  const { metadata } = await newestRoot(store, signal);
  const { newKeys } = request;
  const plan = planOf(metadata);
  const incoming = await Promise.all(rootRoles.map(async (role) => (newKeys ? await readSigners(role, newKeys) : [])));
  const roles = Object.fromEntries(
    rootRoles.map((role, at) => {
      const keys = incoming[at]?.map(({ key }) => key) ?? [];
      return [
        role,
        keys.length === 0 ? plan.roles[role] : { keys, threshold: Math.min(plan.roles[role].threshold, keys.length) },
      ];
    }),
  );
  const next: RootPlan = { roles: { ...plan.roles, ...roles }, expires: expiryOf(request) };
  const signers = [...(await readSigners('root', request.keys)), ...(incoming[0] ?? [])];
  const root = await makeRoot(next, metadata, signers, signal);
  if (request.out !== undefined) {
    await writeFile(request.out, root.bytes);
    return `wrote root ${root.version} to ${request.out}; have it signed (headgate channel sign), then put it in (headgate channel publish-root)`;
  }
  await publishRoot(store, root, metadata, signal);
  return `published root ${root.version}`;
}

/** @throws KEY_UNUSABLE, CHANNEL_STORE_UNUSABLE where it is no root */
export async function signRootFile(file: string, keyFile: string, signal: AbortSignal): Promise<string> {
  const signer = signerOfPem(await readFile(keyFile), keyFile);
  const root = await signRoot(await readFile(file), signer, signal);
  await writeFile(file, root.bytes);
  return `signed ${file} with ${signer.key.keyID}`;
}

/** @throws KEY_UNUSABLE where signatures are missing, CHANNEL_INVALID for another version than the next */
export async function publishRootFile(store: ChannelStore, file: string, signal: AbortSignal): Promise<string> {
  const { metadata } = await newestRoot(store, signal);
  const bytes = await readFile(file);
  const root = { bytes, version: metadata.signed.version + 1, length: bytes.length, sha256: sha256Of(bytes) };
  await publishRoot(store, root, metadata, signal);
  return `published root ${root.version}`;
}
