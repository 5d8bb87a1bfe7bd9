/** The root of a channel: made once, and made anew when keys change or it would expire. Its keys are used for nothing else. */
import type { Key, Metadata, Root } from '@tufjs/models';
import { storedMetadata } from '../../core/channel/layout.ts';
import { OperationError } from '../../core/errors.ts';
import { conflict, onTopOfOthers } from './one-after-another.ts';
import { addSignature, readFileOf, type Stored, signFile, store as storeFile, timeText } from './signed-file.ts';
import { keyUnusable, type Signer } from './signer.ts';
import type { ChannelStore } from './store.ts';

export const rootRoles = ['root', 'targets', 'snapshot', 'timestamp'] as const;

export type RootRole = (typeof rootRoles)[number];

export interface RootPlan {
  readonly roles: Readonly<Record<RootRole, { readonly keys: readonly Key[]; readonly threshold: number }>>;
  readonly expires: Date;
}

/**
 * The next root after a former one, signed with the keys that are given; others may sign it later.
 *
 * @throws KEY_UNUSABLE for a role with fewer keys than its threshold
 */
export async function makeRoot(
  plan: RootPlan,
  former: Metadata<Root> | undefined,
  signers: readonly Signer[],
  signal: AbortSignal,
): Promise<Stored> {
  for (const role of rootRoles) {
    const { keys, threshold } = plan.roles[role];
    const distinct = new Set(keys.map(({ keyID }) => keyID)).size;
    if (threshold < 1 || distinct < threshold) {
      throw keyUnusable(`role ${role} shall be signed with ${threshold} keys, and it has ${distinct}`);
    }
  }
  const keys = Object.values(plan.roles).flatMap((role) => role.keys);
  const unsigned = {
    version: (former?.signed.version ?? 0) + 1,
    expires: timeText(plan.expires),
    consistent_snapshot: true,
    keys: Object.fromEntries(keys.map((key) => [key.keyID, key.toJSON()])),
    roles: Object.fromEntries(
      Object.entries(plan.roles).map(([role, { keys: own, threshold }]) => [
        role,
        { keyids: [...new Set(own.map(({ keyID }) => keyID))], threshold },
      ]),
    ),
  };
  return await signFile('root', unsigned, signers, signal);
}

/** The plan that a root follows: to change parts of it. */
export function planOf({ signed }: Metadata<Root>): RootPlan {
  const of = (role: RootRole) => {
    const { keyIDs = [], threshold = 1 } = signed.roles[role] ?? {};
    return { keys: keyIDs.map((id) => signed.keys[id]).filter((key) => key !== undefined), threshold };
  };
  return {
    roles: { root: of('root'), targets: of('targets'), snapshot: of('snapshot'), timestamp: of('timestamp') },
    expires: new Date(signed.expires),
  };
}

/** Adds the signature of one more person. @throws CHANNEL_STORE_UNUSABLE where it is no root */
export async function signRoot(bytes: Uint8Array, signer: Signer, signal: AbortSignal): Promise<Stored> {
  const metadata = readFileOf('root', bytes, 'the root to sign');
  await addSignature(metadata, signer, signal);
  return storeFile(metadata);
}

/**
 * Puts a root into a channel, if clusters will follow it: signed by enough keys of the former root, and of its own (section 5.3).
 *
 * @throws KEY_UNUSABLE saying what is missing; CHANNEL_CONFLICT where somebody else was faster
 */
export async function publishRoot(
  store: ChannelStore,
  root: Stored,
  former: Metadata<Root> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const metadata = readFileOf('root', root.bytes, 'the new root');
  for (const [whose, by] of [['its own', metadata] as const, ['the former root', former] as const]) {
    requireSigned(metadata, by, whose);
  }
  const expected = (former?.signed.version ?? 0) + 1;
  if (metadata.signed.version !== expected) {
    throw new OperationError(
      `publish the root of the channel in ${store.place}: it has version ${metadata.signed.version}, and ${expected} is next`,
      { code: 'CHANNEL_INVALID', retry: 'never' },
    );
  }
  await onTopOfOthers(store, signal, async () => {
    if (!(await store.create(storedMetadata('root', metadata.signed.version), root.bytes, signal))) {
      throw conflict(store, `it has a root ${metadata.signed.version}`);
    }
    // The same under a name without version, to hand out to those who subscribe.
    await store.write('root.json', root.bytes, signal);
    await store.flush(signal);
  });
}

function requireSigned(root: Metadata<Root>, by: Metadata<Root> | undefined, whose: string): void {
  try {
    by?.verifyDelegate('root', root);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw keyUnusable(`the new root has too few signatures by the keys of ${whose}: ${problem}`);
  }
}
